/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long operations take on a device that a model describes.
 */
#ifndef _NULL_BLK_C_LATENCY_H
#define _NULL_BLK_C_LATENCY_H

#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct nbc_cmd;
struct nbc_model;

/**
 * struct nbc_latency - the model of a device
 * @model: the model, or NULL; changes under &nbc_device.config_lock, and stays for an RCU
 *	grace period
 * @part: of a text that has no end yet, or NULL; guarded likewise
 * @skip: what continues that text is refused, for some of it was; guarded likewise
 */
struct nbc_latency {
	struct nbc_model __rcu	*model;
	char			*part;
	bool			skip;
};

/**
 * nbc_latency_on - is there a model?
 * @latency: of a device
 *
 * Context: Any.
 * Return: whether there is, at this moment.
 */
static inline bool nbc_latency_on(const struct nbc_latency *latency)
{
	return rcu_access_pointer(latency->model);
}

int nbc_latency_change(struct nbc_latency *latency, const char *name, const char *text,
		       struct nbc_model **old);
ssize_t nbc_latency_print(struct nbc_latency *latency, char *page);
void nbc_latency_destroy(struct nbc_latency *latency);
void nbc_latency_restart(struct nbc_latency *latency, ktime_t now);
ktime_t nbc_latency_due(const struct nbc_latency *latency, const struct nbc_cmd *cmd);
ktime_t nbc_model_due(struct nbc_model *model, const struct nbc_cmd *cmd);
void nbc_model_restart(struct nbc_model *model, ktime_t now);

#endif /* _NULL_BLK_C_LATENCY_H */
