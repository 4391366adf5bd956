// SPDX-License-Identifier: GPL-2.0
/*
 * What zones lose when the power is cut.
 *
 * A write pointer is never above data that is not there. So a sequential zone loses all from
 * the first block on that it loses: what was written behind it goes, too, even if the cut
 * would have spared it. In such a zone a block is written once, and the next time only after a
 * reset, which is durable. So one look at each write, in their order, tells what is lost:
 *
 *	a block that is not spared	its zone loses all from there on, as yet
 *	a block behind that		is lost, and need not be put anywhere
 *	a reset				the zone has lost nothing as yet
 *
 * In the end the write pointer of each zone falls back to what it has.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "losses.h"
#include "store.h"
#include "zone.h"

/**
 * nbc_losses_create - make room for what zones lose
 * @zones: the zones, which need not be the ones that nbc_losses_take() is called for
 * @node: where to allocate from, or NUMA_NO_NODE
 *
 * Context: Process context, may sleep.
 * Return: the losses, none, or NULL without memory.
 */
struct nbc_losses *nbc_losses_create(const struct nbc_zones *zones, int node)
{
	struct nbc_losses *losses;

	/* There may be very many: no process shall be killed for them. */
	losses = kvmalloc_node(struct_size(losses, from_sects, zones->nr_zones),
			       GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL, node);
	if (!losses)
		return NULL;
	losses->zone_shift = zones->zone_shift;
	losses->nr_conv = zones->geometry.nr_conv;
	losses->nr_zones = zones->nr_zones;
	nbc_losses_clear(losses);
	return losses;
}

/**
 * nbc_losses_destroy - free what nbc_losses_create() made
 * @losses: losses, or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_losses_destroy(struct nbc_losses *losses)
{
	kvfree(losses);
}

/**
 * nbc_losses_clear - begin anew: nothing is lost as yet
 * @losses: losses, or NULL without zones
 *
 * Context: Process context, may sleep.
 */
void nbc_losses_clear(struct nbc_losses *losses)
{
	unsigned int i;

	if (!losses)
		return;
	for (i = 0; i < losses->nr_zones; i++) {
		losses->from_sects[i] = NBC_NO_LOSS;
		cond_resched();
	}
}

/**
 * nbc_losses_add - a zone loses all that it has from a place on
 * @losses: losses, or NULL without zones
 * @pos: first byte; nothing happens if its zone is conventional
 *
 * Context: Any.
 */
void nbc_losses_add(struct nbc_losses *losses, u64 pos)
{
	u64 sector = pos >> SECTOR_SHIFT;
	unsigned int sects;
	u64 nr;

	if (!losses)
		return;
	nr = sector >> losses->zone_shift;
	sects = sector - (nr << losses->zone_shift);
	if (nr >= losses->nr_conv)
		losses->from_sects[nr] = min(losses->from_sects[nr], sects);
}

/**
 * nbc_losses_renew - what a zone had is gone anyway, by a reset
 * @losses: losses, or NULL without zones
 * @pos: where zeroes begin; nothing happens unless that is the start of a zone. In a
 *	sequential one nothing else is zeroed from there on, or it has nothing
 *
 * Context: Any.
 */
void nbc_losses_renew(struct nbc_losses *losses, u64 pos)
{
	u64 sector = pos >> SECTOR_SHIFT;
	u64 nr;

	if (!losses)
		return;
	nr = sector >> losses->zone_shift;
	if (sector == nr << losses->zone_shift)
		losses->from_sects[nr] = NBC_NO_LOSS;
}

/**
 * nbc_zone_lose - let a zone lose its data from a sector on
 * @zones: zones that nobody uses
 * @zone: a sequential one of them
 * @sects: the first that it loses, from its start; nothing happens if the write pointer is
 *	not above it, or as nbc_zone_fall_back() says
 * @store: where its data is
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM without memory to hide what is in layers, and then some is left.
 */
int nbc_zone_lose(struct nbc_zones *zones, struct nbc_zone *zone, unsigned int sects,
		  struct nbc_store *store)
{
	u64 sector = nbc_zone_start(zones, zone) + sects;
	u64 len = nbc_zone_len(zones, zone) - sects;

	if (!nbc_zone_fall_back(zones, zone, sects))
		return 0;
	/* What is durable behind it must not be there when the zone is finished. */
	return nbc_store_discard(store, sector << SECTOR_SHIFT, len << SECTOR_SHIFT) ?
	       -ENOMEM : 0;
}

/**
 * nbc_losses_take - let zones lose what they lose
 * @losses: the losses, or NULL without zones
 * @zones: zones that nobody uses
 * @store: where their data is
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM as nbc_zone_lose(), when all write pointers have fallen back.
 */
int nbc_losses_take(const struct nbc_losses *losses, struct nbc_zones *zones,
		    struct nbc_store *store)
{
	unsigned int i;
	int ret = 0;

	if (!losses)
		return 0;
	for (i = losses->nr_conv; i < losses->nr_zones; i++) {
		if (losses->from_sects[i] != NBC_NO_LOSS)
			ret = nbc_zone_lose(zones, &zones->zone[i], losses->from_sects[i],
					    store) ?: ret;
		cond_resched();
	}
	return ret;
}
