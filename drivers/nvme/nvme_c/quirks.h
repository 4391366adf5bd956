/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What devices do otherwise than the specification says.
 */
#ifndef _NVMEC_QUIRKS_H
#define _NVMEC_QUIRKS_H

#include <linux/bits.h>
#include <linux/types.h>

#include "ctrl.h"

struct nvmec_ns_id;

/**
 * enum nvmec_quirk - what a device does otherwise; bits of &nvmec_ctrl.quirks
 * @NVMEC_QUIRK_READY_DELAY: its registers must rest after CC.EN was written
 * @NVMEC_QUIRK_NO_NS_LIST: it must not be asked for the list of active namespaces
 * @NVMEC_QUIRK_NO_DESCS: nor for descriptors of a namespace
 * @NVMEC_QUIRK_BOGUS_IDS: UUID, NGUID and EUI64 mean nothing
 * @NVMEC_QUIRK_NO_WRITE_ZEROES: write zeroes is broken
 * @NVMEC_QUIRK_NO_DISCARD: so is dataset management
 * @NVMEC_QUIRK_NO_SGL: so are SGLs
 * @NVMEC_QUIRK_NO_SHADOWS: so are shadow doorbells
 * @NVMEC_QUIRK_NO_APST: so are autonomous power state transitions
 * @NVMEC_NR_QUIRKS: number of them
 */
enum nvmec_quirk {
	NVMEC_QUIRK_READY_DELAY,
	NVMEC_QUIRK_NO_NS_LIST,
	NVMEC_QUIRK_NO_DESCS,
	NVMEC_QUIRK_BOGUS_IDS,
	NVMEC_QUIRK_NO_WRITE_ZEROES,
	NVMEC_QUIRK_NO_DISCARD,
	NVMEC_QUIRK_NO_SGL,
	NVMEC_QUIRK_NO_SHADOWS,
	NVMEC_QUIRK_NO_APST,
	NVMEC_NR_QUIRKS
};

/**
 * struct nvmec_quirk_rule - what the user says about a device
 * @vendor: PCI vendor
 * @device: PCI device
 * @quirk: enum nvmec_quirk
 * @off: it has not got it, whatever the table says
 */
struct nvmec_quirk_rule {
	u16	vendor;
	u16	device;
	u8	quirk;
	bool	off;
};

static inline bool nvmec_has_quirk(const struct nvmec_ctrl *ctrl,
				   enum nvmec_quirk quirk)
{
	return ctrl->quirks & BIT(quirk);
}

int nvmec_quirks_init(void);
void nvmec_quirks_find(struct nvmec_ctrl *ctrl);
ssize_t nvmec_quirks_show(struct nvmec_ctrl *ctrl, char *page);
void nvmec_quirks_after_enable(struct nvmec_ctrl *ctrl);
bool nvmec_offers(const struct nvmec_ctrl *ctrl, u8 cns);
void nvmec_quirks_ident(struct nvmec_ctrl *ctrl);
void nvmec_quirks_ns_id(const struct nvmec_ctrl *ctrl, struct nvmec_ns_id *id);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
int nvmec_quirks_parse(const char *text, struct nvmec_quirk_rule *rules,
		       unsigned int max);
unsigned long nvmec_quirks_of(u16 vendor, u16 device, u16 subvendor,
			      const struct nvmec_quirk_rule *rules,
			      unsigned int nr);
#endif

#endif /* _NVMEC_QUIRKS_H */
