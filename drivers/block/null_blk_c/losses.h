/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What zones lose when the power is cut.
 */
#ifndef _NULL_BLK_C_LOSSES_H
#define _NULL_BLK_C_LOSSES_H

#include <linux/blk_types.h>
#include <linux/limits.h>
#include <linux/types.h>

struct nbc_store;
struct nbc_zone;
struct nbc_zones;

/* Of a zone that loses nothing */
#define NBC_NO_LOSS	UINT_MAX

/**
 * struct nbc_losses - from where on each zone loses its data
 * @zone_shift: log2 of a zone's size in sectors
 * @nr_conv: how many zones are conventional, the first ones: they have no write pointer, and
 *	lose nothing here
 * @nr_zones: how many there are
 * @from_sects: by zone, first sector of it that is lost, or NBC_NO_LOSS
 */
struct nbc_losses {
	unsigned int	zone_shift;
	unsigned int	nr_conv;
	unsigned int	nr_zones;
	unsigned int	from_sects[];
};

/**
 * nbc_losses_cover - is what is at a place lost already?
 * @losses: what zones have lost by now, or NULL without zones
 * @pos: the byte
 *
 * Return: whether its zone has lost that, or what is before it.
 */
static inline bool nbc_losses_cover(const struct nbc_losses *losses, u64 pos)
{
	u64 sector = pos >> SECTOR_SHIFT;
	u64 nr;

	if (!losses)
		return false;
	nr = sector >> losses->zone_shift;
	return sector - (nr << losses->zone_shift) >= losses->from_sects[nr];
}

#ifdef CONFIG_BLK_DEV_ZONED
struct nbc_losses *nbc_losses_create(const struct nbc_zones *zones, int node);
void nbc_losses_destroy(struct nbc_losses *losses);
void nbc_losses_clear(struct nbc_losses *losses);
void nbc_losses_add(struct nbc_losses *losses, u64 pos);
void nbc_losses_renew(struct nbc_losses *losses, u64 pos);
int nbc_losses_take(const struct nbc_losses *losses, struct nbc_zones *zones,
		    struct nbc_store *store);
int nbc_zone_lose(struct nbc_zones *zones, struct nbc_zone *zone, unsigned int sects,
		  struct nbc_store *store);
#else
static inline struct nbc_losses *nbc_losses_create(const struct nbc_zones *zones, int node)
{
	return NULL;
}

static inline void nbc_losses_destroy(struct nbc_losses *losses)
{
}

static inline void nbc_losses_clear(struct nbc_losses *losses)
{
}

static inline void nbc_losses_add(struct nbc_losses *losses, u64 pos)
{
}

static inline void nbc_losses_renew(struct nbc_losses *losses, u64 pos)
{
}

static inline int nbc_losses_take(const struct nbc_losses *losses, struct nbc_zones *zones,
				  struct nbc_store *store)
{
	return 0;
}
#endif /* CONFIG_BLK_DEV_ZONED */

#endif /* _NULL_BLK_C_LOSSES_H */
