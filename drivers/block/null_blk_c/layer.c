// SPDX-License-Identifier: GPL-2.0
/*
 * Layers: snapshots of a store, and clones of them, in constant time.
 *
 * Freezing
 * --------
 * To freeze a store is to take its units away from it: the root of its XArray moves to a
 * new layer, which is put beneath the store, on top of what was beneath before. No unit
 * is touched. The store is empty then and fills again as it is written to. A unit that it
 * has not itself is that of the first layer below which has it. So a snapshot is a
 * reference to a layer, a clone is an empty store over it, and both are alike: nobody
 * depends on the device that the data came from.
 *
 * What a store has hides what is below. Where it is to be zeroes although there is
 * something below, as after a discard, it has XA_ZERO_ENTRY.
 *
 *	read	own unit, else that of the first layer that has one, else zeroes
 *	write	own unit: in place; else a new one, with what is below copied into it
 *		unless all of it is written
 *	discard	own unit away; XA_ZERO_ENTRY if there is something below
 *
 * The fast paths of store.c know only the store's own units. They come here where they
 * find a hole, and then only if &nbc_store.generation says that there are layers. So they
 * are what they would be without layers, and a unit is found at once when it was
 * written to since.
 *
 * A moment
 * --------
 * Nothing waits for a store to be frozen, and it waits for nobody: a unit is written to
 * under RCU, in the tree as it was when the writer's RCU section began. Who finds the
 * old tree writes before the snapshot, and who finds the new one, behind it. What was
 * acknowledged before is in the old tree, what is issued afterwards finds the new one, and
 * a write that was issued when another was acknowledged that is behind the snapshot is
 * behind it as well. When a grace period has ended no unit of the layer is written to
 * any more; only then the snapshot is given out.
 *
 * Until then, a unit of the layer must not be copied into the store: a write to another
 * part of it might be missing. Who needs such a copy waits (&nbc_store.settling): those
 * who write to a part of a unit. Others go on.
 *
 * Whoever adds a unit to a store says what was seen there before. If the store has another
 * generation by now or something else there, it does not fit, and has to be looked at
 * again.
 *
 * Merging
 * -------
 * A layer that nobody keeps but the one store or layer that lies on it is merged with that:
 * what it has and the upper one has not moves up. It is there in both for a while, so
 * that whoever looks finds it in one of them, and belongs to the upper one from the
 * moment when it is there. Then the layer is taken out of the chain, and is freed after a
 * grace period with what was hidden. When the last layer of a store has gone, nobody is any
 * more who has not found what moved up. What hid units goes, and the store is one without
 * layers again.
 *
 * Locks
 * -----
 * nbc_layers_lock, a mutex, guards references and which layer lies on which. It is held for
 * moments only. It comes after nbc_device.lock, nbc_device.config_lock and nbc_history.lock,
 * which writes take: so memory that is allocated under it must not wait for I/O. Under it,
 * what those see who look without a lock changes under nbc_layers_seq, and what belongs to a
 * store under the lock of its XArray as well, which comes after it. Who looks does so under
 * RCU, and once more if the sequence has changed.
 *
 * nbc_merge_lock, another mutex, comes between those and nbc_layers_lock. Whoever merges has
 * it, for as long as that takes: two stores may have layers in common, and one of two merges
 * would miss what the other moves into a layer that is passed already. Nobody else waits for
 * it, but for who needs a reference to a layer that is being moved (&nbc_layer.merging).
 */
#include <kunit/static_stub.h>
#include <linux/cleanup.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "layer.h"
#include "unit.h"

static DEFINE_MUTEX(nbc_layers_lock);
static DEFINE_MUTEX(nbc_merge_lock);
static DEFINE_SEQLOCK(nbc_layers_seq);
/* Those who wait until a store has settled */
static DECLARE_WAIT_QUEUE_HEAD(nbc_layers_settled);

/* --- looking -------------------------------------------------------------- */

/* A unit, XA_ZERO_ENTRY or NULL. Under RCU. */
static void *nbc_units_entry(struct xarray *units, unsigned long index)
{
	XA_STATE(xas, units, index);
	void *entry;

	do {
		entry = xas_load(&xas);
		if (!xa_is_retry(entry))
			return entry;
		xas_reset(&xas);
	} while (true);
}

/**
 * nbc_units_next - find the next unit of a store or a layer, or what hides one
 * @units: those of it
 * @index: where to begin; set to where it is
 *
 * Context: Process context.
 * Return: a unit, XA_ZERO_ENTRY, or NULL if there is nothing more.
 */
void *nbc_units_next(struct xarray *units, unsigned long *index)
{
	XA_STATE(xas, units, *index);
	void *entry;

	rcu_read_lock();
	do {
		entry = xas_find(&xas, ULONG_MAX);
		if (xa_is_retry(entry))
			xas_reset(&xas);
	} while (xa_is_retry(entry));
	rcu_read_unlock();
	*index = xas.xa_index;
	return entry;
}

static struct page *nbc_layer_unit(struct nbc_layer *layer, unsigned long index)
{
	void *entry = NULL;

	for (; layer && !entry; layer = READ_ONCE(layer->below))
		entry = nbc_units_entry(&layer->units, index);
	return xa_is_zero(entry) ? NULL : entry;
}

/**
 * nbc_layers_look - see what is at a place of a store
 * @store: the store
 * @index: number of the unit
 * @sight: output
 *
 * Context: Under RCU, as long as units are used. Not under the XArray's lock.
 */
void nbc_layers_look(struct nbc_store *store, unsigned long index,
		     struct nbc_sight *sight)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&nbc_layers_seq);
		sight->generation = READ_ONCE(store->generation);
		sight->own = nbc_units_entry(&store->units, index);
		sight->below = nbc_layer_unit(READ_ONCE(store->base), index);
	} while (read_seqretry(&nbc_layers_seq, seq));
}

/*
 * Makes @found the number of the first unit from @index on, if that is less than @found.
 * What hides a unit counts: xa_find() passes it, so that each step of a walk would pass
 * all such entries of a discarded range. Under RCU.
 */
static bool nbc_units_find(struct xarray *units, unsigned long index,
			   unsigned long *found)
{
	XA_STATE(xas, units, index);
	void *entry;

	for (;;) {
		entry = xas_find(&xas, *found);
		if (!xa_is_retry(entry))
			break;
		xas_reset(&xas);
	}
	if (!entry)
		return false;
	*found = xas.xa_index;
	return true;
}

/**
 * nbc_layers_find - find the next unit of a store, or of the layers beneath it
 * @store: the store
 * @index: where to begin; set to the number of the unit
 * @last: where to end
 *
 * What is hidden counts, too.
 *
 * Context: Process context.
 * Return: whether there is one.
 */
bool nbc_layers_find(struct nbc_store *store, unsigned long *index,
		     unsigned long last)
{
	struct nbc_layer *layer;
	unsigned long found;
	unsigned int seq;
	bool any;

	do {
		found = last;
		rcu_read_lock();
		seq = read_seqbegin(&nbc_layers_seq);
		any = nbc_units_find(&store->units, *index, &found);
		for (layer = READ_ONCE(store->base); layer;
		     layer = READ_ONCE(layer->below))
			any |= nbc_units_find(&layer->units, *index, &found);
		rcu_read_unlock();
	} while (read_seqretry(&nbc_layers_seq, seq));
	*index = found;
	return any;
}

/* --- changing what a store has -------------------------------------------- */

/**
 * nbc_layers_put - put something into a store, if all is still as it was seen
 * @store: the store
 * @index: number of the unit
 * @sight: what was seen there
 * @entry: a unit that nobody else knows, XA_ZERO_ENTRY, or NULL
 * @taken: takes the unit that was there and the one beneath, to be given to the reaper. May
 *	be NULL if none was seen
 *
 * Context: Process context, may sleep.
 * Return: 0; -EAGAIN if it does not fit any more; -ENOMEM.
 */
int nbc_layers_put(struct nbc_store *store, unsigned long index,
		   const struct nbc_sight *sight, void *entry,
		   struct list_head *taken)
{
	XA_STATE(xas, &store->units, index);
	int ret;

	do {
		xas_lock(&xas);
		ret = 0;
		if (xas_load(&xas) != sight->own ||
		    store->generation != sight->generation) {
			ret = -EAGAIN;
		} else {
			xas_store(&xas, entry);
			ret = xas_error(&xas);
		}
		if (!ret && sight->own && !xa_is_zero(sight->own)) {
			/* To store something leaves the mark. */
			if (entry)
				xas_clear_mark(&xas, NBC_DIRTY_MARK);
			nbc_take_unit(store, sight->own, taken);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, NBC_GFP));
	return ret;
}

/**
 * nbc_layers_settle - wait until what is below may be copied into a store
 * @store: the store, which was looked at before
 *
 * Context: Process context, may sleep; not under RCU.
 */
void nbc_layers_settle(struct nbc_store *store)
{
	/* Those who wrote come before: pairs with nbc_layers_wait_settled(). */
	wait_event(nbc_layers_settled, !smp_load_acquire(&store->settling));
}

/* --- life ----------------------------------------------------------------- */

static void nbc_layer_free(struct nbc_layer *layer)
{
	unsigned int order = layer->unit_shift - PAGE_SHIFT;
	unsigned long index;
	struct page *unit;

	xa_for_each(&layer->units, index, unit) {
		if (!xa_get_mark(&layer->units, index, NBC_MOVED_MARK))
			__free_pages(unit, order);
		cond_resched();
	}
	xa_destroy(&layer->units);
	kfree(layer);
}

/**
 * nbc_layer_get - keep a layer
 * @layer: a layer that somebody keeps meanwhile
 *
 * Context: Process context, may sleep.
 * Return: the layer.
 */
struct nbc_layer *nbc_layer_get(struct nbc_layer *layer)
{
	guard(mutex)(&nbc_layers_lock);
	layer->refs++;
	return layer;
}

/**
 * nbc_layer_put - undo nbc_layer_get(), and free it if nobody else keeps it
 * @layer: the layer, beneath no store that is in use and has no other reference to it;
 *	or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_layer_put(struct nbc_layer *layer)
{
	struct nbc_layer *below;

	while (layer) {
		scoped_guard(mutex, &nbc_layers_lock) {
			if (--layer->refs)
				return;
			below = layer->below;
		}
		nbc_layer_free(layer);
		layer = below;
	}
}

/* Gives a store a generation that it has never had, with layers or without. */
static void nbc_generation_next(struct nbc_store *store, bool layers)
{
	lockdep_assert_held(&nbc_layers_lock);
	WRITE_ONCE(store->generation, ((store->generation | 1) + 1) | layers);
}

/**
 * nbc_layers_set_base - put a store over a layer
 * @store: an empty store that nobody uses; over another layer, or none
 * @layer: the layer, with a reference, which becomes the store's; NULL for none
 *
 * Context: Process context, may sleep.
 */
void nbc_layers_set_base(struct nbc_store *store, struct nbc_layer *layer)
{
	struct nbc_layer *old = store->base;

	scoped_guard(mutex, &nbc_layers_lock) {
		store->base = layer;
		nbc_generation_next(store, layer);
		if (layer)
			store->unit_shift = layer->unit_shift;
	}
	nbc_layer_put(old);
}

/* Keeps the layer beneath a store, if any, in @layer. Returns false if it is being moved. */
static bool nbc_layers_get_base(struct nbc_store *store, struct nbc_layer **layer)
{
	guard(mutex)(&nbc_layers_lock);
	*layer = store->base;
	if (!*layer)
		return true;
	if ((*layer)->merging)
		return false;
	(*layer)->refs++;
	return true;
}

/**
 * nbc_layers_share_base - put a store over the layer that is beneath another one
 * @to: an empty store that nobody uses
 * @from: the other, which may be in use
 *
 * Context: Process context, may sleep. Waits for a merge of @from.
 */
void nbc_layers_share_base(struct nbc_store *to, struct nbc_store *from)
{
	struct nbc_layer *layer;

	if (!nbc_layers_get_base(from, &layer)) {
		guard(mutex)(&nbc_merge_lock);
		/* Whoever marks a layer has the lock. */
		WARN_ON_ONCE(!nbc_layers_get_base(from, &layer));
	}
	nbc_layers_set_base(to, layer);
}

/**
 * nbc_layers_depth - count the layers beneath a store
 * @store: the store
 *
 * Context: Process context, may sleep.
 * Return: how many there are.
 */
unsigned int nbc_layers_depth(struct nbc_store *store)
{
	const struct nbc_layer *layer;
	unsigned int nr = 0;

	guard(mutex)(&nbc_layers_lock);
	for (layer = store->base; layer; layer = layer->below)
		nr++;
	return nr;
}

/*
 * Moves all units of a store to a new layer beneath it. Who finds the store empty must find
 * the layer, or that there are any: so these come first. Pairs with the barriers of
 * nbc_store_layers() and of the sequence: see litmus/layer_freeze.litmus.
 */
static void nbc_layer_take_units(struct nbc_layer *layer, struct nbc_store *store)
{
	lockdep_assert_held(&nbc_layers_lock);
	layer->below = store->base;
	layer->unit_shift = store->unit_shift;
	write_seqlock(&nbc_layers_seq);
	xa_lock(&store->units);
	RCU_INIT_POINTER(layer->units.xa_head,
			 rcu_dereference_protected(store->units.xa_head,
						   lockdep_is_held(&store->units.xa_lock)));
	WRITE_ONCE(store->settling, true);
	nbc_generation_next(store, true);
	/* Its members come before it: pairs with who follows it in nbc_layers_look(). */
	smp_store_release(&store->base, layer);
	/* And all of this before the empty tree, as said above. */
	smp_wmb();
	RCU_INIT_POINTER(store->units.xa_head, NULL);
	xa_unlock(&store->units);
	write_sequnlock(&nbc_layers_seq);
}

/* Until no unit of the layer beneath is written to any more. */
static void nbc_layers_wait_settled(struct nbc_store *store)
{
	synchronize_rcu_expedited();
	/* Who copies comes after those who wrote: see litmus/layer_settle.litmus. */
	smp_store_release(&store->settling, false);
	wake_up_all(&nbc_layers_settled);
}

/**
 * nbc_layers_freeze - keep what is in a store as it is now
 * @store: the store, without dirty units; may be in use. The caller sees to it that nobody
 *	else freezes it
 *
 * Context: Process context, may sleep.
 * Return: a layer that has it, with a reference for the caller; NULL without memory.
 */
struct nbc_layer *nbc_layers_freeze(struct nbc_store *store)
{
	struct nbc_layer *layer;

	if (WARN_ON_ONCE(READ_ONCE(store->nr_dirty)))
		return NULL;
	layer = kzalloc(sizeof(*layer), GFP_KERNEL);
	if (!layer)
		return NULL;
	xa_init(&layer->units);
	/* The store's, and the caller's. */
	layer->refs = 2;
	scoped_guard(mutex, &nbc_layers_lock)
		nbc_layer_take_units(layer, store);
	nbc_layers_wait_settled(store);
	return layer;
}

/* Puts an entry of a lower layer where @upper has nothing. Returns whether it did. */
static bool nbc_units_adopt(struct xarray *upper, unsigned long index, void *entry)
{
	XA_STATE(xas, upper, index);
	bool adopted;

	KUNIT_STATIC_STUB_REDIRECT(nbc_units_adopt, upper, index, entry);
	do {
		xas_lock(&xas);
		adopted = !xas_load(&xas);
		if (adopted) {
			xas_store(&xas, entry);
			adopted = !xas_error(&xas);
		}
		xas_unlock(&xas);
		/* Half of a merge cannot be taken back. */
	} while (xas_nomem(&xas, GFP_NOIO | __GFP_NOFAIL));
	return adopted;
}

static void nbc_layer_pull_up(struct xarray *upper, struct nbc_layer *lower)
{
	unsigned long index;
	void *entry;

	for (index = 0; (entry = nbc_units_next(&lower->units, &index)); index++) {
		if (!nbc_is_unit(entry) && !lower->below)
			continue;
		if (nbc_units_adopt(upper, index, entry) && nbc_is_unit(entry))
			xa_set_mark(&lower->units, index, NBC_MOVED_MARK);
		cond_resched();
	}
}

/* Takes a layer, all of which was moved up, out of the chain, and frees it. */
static void nbc_layer_unlink(struct nbc_store *store, struct nbc_layer **link)
{
	struct nbc_layer *lower = *link;

	scoped_guard(mutex, &nbc_layers_lock) {
		write_seqlock(&nbc_layers_seq);
		xa_lock(&store->units);
		WRITE_ONCE(*link, lower->below);
		if (link == &store->base)
			nbc_generation_next(store, true);
		xa_unlock(&store->units);
		write_sequnlock(&nbc_layers_seq);
	}
	synchronize_rcu_expedited();
	nbc_layer_free(lower);
}

/* Takes away what hides a unit, of which there is none any more. */
static void nbc_layers_unhide(struct nbc_store *store, unsigned long index)
{
	XA_STATE(xas, &store->units, index);

	xas_lock(&xas);
	if (xa_is_zero(xas_load(&xas)))
		xas_store(&xas, NULL);
	xas_unlock(&xas);
}

/*
 * Lets a store, the last layer of which has gone, be as one that had none. Nobody hides
 * anything any more, as there is nothing below. And a grace period has ended since all moved
 * up: who finds a hole and then this generation, in one RCU section, has found a hole. See
 * litmus/layer_end.litmus.
 */
static void nbc_layers_end(struct nbc_store *store)
{
	unsigned long index;
	void *entry;

	for (index = 0; (entry = nbc_units_next(&store->units, &index)); index++) {
		if (xa_is_zero(entry))
			nbc_layers_unhide(store, index);
		cond_resched();
	}
	guard(mutex)(&nbc_layers_lock);
	write_seqlock(&nbc_layers_seq);
	xa_lock(&store->units);
	nbc_generation_next(store, false);
	xa_unlock(&store->units);
	write_sequnlock(&nbc_layers_seq);
}

/**
 * struct nbc_merge - a layer that is moved into what lies on it
 * @link: points to the layer
 * @upper: units of what lies on it: of the store or of another layer
 */
struct nbc_merge {
	struct nbc_layer	**link;
	struct xarray		*upper;
};

/* Finds the next layer that nobody else keeps, and marks it. Returns whether there is one. */
static bool nbc_merge_next(struct nbc_merge *merge)
{
	lockdep_assert_held(&nbc_merge_lock);
	guard(mutex)(&nbc_layers_lock);
	while (*merge->link) {
		struct nbc_layer *lower = *merge->link;

		if (lower->refs == 1) {
			lower->merging = true;
			return true;
		}
		merge->upper = &lower->units;
		merge->link = &lower->below;
	}
	return false;
}

/**
 * nbc_layers_merge - free what is in no snapshot any more
 * @store: the store; may be in use. The caller sees to it that nobody freezes it
 *
 * Merges layers beneath it with what lies on them, unless others keep them as well.
 *
 * Context: Process context, may sleep. Takes as long as the layers are large. Takes
 * nbc_merge_lock.
 */
void nbc_layers_merge(struct nbc_store *store)
{
	struct nbc_merge merge = { .link = &store->base, .upper = &store->units };

	guard(mutex)(&nbc_merge_lock);
	while (nbc_merge_next(&merge)) {
		nbc_layer_pull_up(merge.upper, *merge.link);
		nbc_layer_unlink(store, merge.link);
	}
	if (!store->base && nbc_store_layers(store))
		nbc_layers_end(store);
}

#if IS_ENABLED(CONFIG_BLK_DEV_NULL_BLK_C_KUNIT_TEST)
#include "tests/layer_kunit.c"
#endif
