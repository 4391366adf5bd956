/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layers: data that does not change any more, beneath that of stores. See layer.c.
 */
#ifndef _NULL_BLK_C_LAYER_H
#define _NULL_BLK_C_LAYER_H

#include <linux/types.h>
#include <linux/xarray.h>

#include "store.h"

struct page;

/* Most layers beneath a store: each may have to be looked at for a read. */
#define NBC_MAX_LAYERS	64

/**
 * struct nbc_layer - what a store had when it was frozen
 * @units: as in a store, and none of them dirty; only nbc_layers_merge() adds some
 * @below: the layer beneath it, or NULL; changes under nbc_layers_lock, and is read under
 *	RCU with the sequence, see layer.c
 * @unit_shift: log2 of a unit's size in bytes
 * @refs: how many stores, layers and others keep it; guarded by nbc_layers_lock
 * @merging: what lies on it takes its units over, so there must be no more references;
 *	guarded by nbc_layers_lock, and set under nbc_merge_lock
 */
struct nbc_layer {
	struct xarray		units;
	struct nbc_layer	*below;
	unsigned int		unit_shift;
	unsigned int		refs;
	bool			merging;
};

/**
 * struct nbc_sight - what a store and the layers beneath it had at a place, at one time
 * @own: the store's own: a unit, XA_ZERO_ENTRY if it hides what is below, NULL for a hole
 * @below: the unit that the layers have there, be it hidden or not; NULL for a hole
 * @generation: of the store
 */
struct nbc_sight {
	void		*own;
	struct page	*below;
	unsigned long	generation;
};

/* Does a generation of a store have layers? */
static inline bool nbc_generation_layers(unsigned long generation)
{
	return generation & 1;
}

/**
 * nbc_store_generation - tell whether what is beneath a store has changed
 * @store: the store
 *
 * To be asked by those who found a hole, before they take it for one. Who found it because
 * the store was frozen a moment ago is told, see nbc_layer_take_units(). Who found it
 * because what was there has not moved up yet is told, too, if he found it and asks in one
 * RCU section, see nbc_layers_end().
 *
 * Context: Any.
 * Return: the store's generation.
 */
static inline unsigned long nbc_store_generation(const struct nbc_store *store)
{
	/* The hole was found before: pairs with nbc_layer_take_units(). */
	smp_rmb();
	return READ_ONCE(store->generation);
}

/**
 * nbc_store_layers - are there layers beneath a store, or may there have been
 * @store: the store
 *
 * Context: As nbc_store_generation().
 * Return: whether nbc_layers_look() must be asked.
 */
static inline bool nbc_store_layers(const struct nbc_store *store)
{
	return nbc_generation_layers(nbc_store_generation(store));
}

/* What of a sight a read sees; NULL for zeroes. */
static inline struct page *nbc_sight_unit(const struct nbc_sight *sight)
{
	if (!sight->own)
		return sight->below;
	return xa_is_zero(sight->own) ? NULL : sight->own;
}

void *nbc_units_next(struct xarray *units, unsigned long *index);
void nbc_layers_look(struct nbc_store *store, unsigned long index,
		     struct nbc_sight *sight);
bool nbc_layers_find(struct nbc_store *store, unsigned long *index,
		     unsigned long last);
int nbc_layers_put(struct nbc_store *store, unsigned long index,
		   const struct nbc_sight *sight, void *entry,
		   struct list_head *taken);
void nbc_layers_settle(struct nbc_store *store);

unsigned int nbc_layers_depth(struct nbc_store *store);
struct nbc_layer *nbc_layers_freeze(struct nbc_store *store);
void nbc_layers_set_base(struct nbc_store *store, struct nbc_layer *layer);
void nbc_layers_share_base(struct nbc_store *to, struct nbc_store *from);
struct nbc_layer *nbc_layer_get(struct nbc_layer *layer);
void nbc_layer_put(struct nbc_layer *layer);
void nbc_layers_merge(struct nbc_store *store);

#endif /* _NULL_BLK_C_LAYER_H */
