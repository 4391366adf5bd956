// SPDX-License-Identifier: GPL-2.0
/*
 * Units: memory for them, copies of less than a page, and the guards of all units. See
 * store.c.
 */
#include <kunit/static_stub.h>
#include <linux/cpumask.h>
#include <linux/jump_label.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "unit.h"

/* Two of so many CPUs that write want the same guard once in so many times. */
#define NBC_GUARDS_PER_CPU	64

/* Any store asks for that: whoever does not shall not have to look. */
static DEFINE_STATIC_KEY_FALSE(nbc_units_charged);

struct nbc_guard *nbc_guards __ro_after_init;
unsigned int nbc_guard_mask __ro_after_init;

/* Copies what is less than a page. */
noinline void nbc_copy_part(void *to, const void *from, unsigned int bytes)
{
	KUNIT_STATIC_STUB_REDIRECT(nbc_copy_part, to, from, bytes);
	if (!IS_ALIGNED((unsigned long)to | (unsigned long)from | bytes,
			SECTOR_SIZE)) {
		memcpy(to, from, bytes);
		return;
	}
	for (; bytes; bytes -= SECTOR_SIZE) {
		*(struct nbc_sector *)to = *(const struct nbc_sector *)from;
		to += SECTOR_SIZE;
		from += SECTOR_SIZE;
	}
}

/* The same, charged to a cgroup: that of nbc_charge_begin(), or of the caller. */
static noinline struct page *nbc_unit_alloc_charged(struct nbc_store *store, bool zeroed)
{
	gfp_t gfp = NBC_GFP | __GFP_ACCOUNT | (zeroed ? __GFP_ZERO : 0);
	unsigned int order = nbc_unit_order(store);
	struct page *unit;

	unit = alloc_pages_node(store->node, order ? gfp | __GFP_COMP : gfp, order);
	if (unit)
		set_page_private(unit, 0);
	return unit;
}

/* A unit that nobody else knows yet; zeroed unless all of it is to be written. */
struct page *nbc_unit_alloc(struct nbc_store *store, bool zeroed)
{
	gfp_t gfp = NBC_GFP | (zeroed ? __GFP_ZERO : 0);
	unsigned int order = nbc_unit_order(store);
	struct page *unit;

	if (static_branch_unlikely(&nbc_units_charged) && store->account)
		return nbc_unit_alloc_charged(store, zeroed);
	if (order)
		gfp |= __GFP_COMP;
	unit = alloc_pages_node(store->node, gfp, order);
	if (unit)
		set_page_private(unit, 0);
	return unit;
}

/* Frees a unit that nobody else knows. */
void nbc_unit_free(struct nbc_store *store, struct page *unit)
{
	set_page_private(unit, 0);
	__free_pages(unit, nbc_unit_order(store));
}

/**
 * nbc_units_account - whether new units of a store are charged to a cgroup
 * @store: the store, which no request uses
 * @account: they are
 *
 * Context: Process context, may sleep.
 */
void nbc_units_account(struct nbc_store *store, bool account)
{
	if (store->account == account)
		return;
	store->account = account;
	if (account)
		static_branch_inc(&nbc_units_charged);
	else
		static_branch_dec(&nbc_units_charged);
}

/**
 * nbc_units_init - make the guards, at module load
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int __init nbc_units_init(void)
{
	unsigned int nr = roundup_pow_of_two(nr_cpu_ids) * NBC_GUARDS_PER_CPU;
	unsigned int i;

	nbc_guards = kvcalloc(nr, sizeof(*nbc_guards), GFP_KERNEL);
	if (!nbc_guards)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		seqlock_init(&nbc_guards[i].lock);
	nbc_guard_mask = nr - 1;
	return 0;
}

/**
 * nbc_units_exit - undo nbc_units_init(), when no unit is left
 *
 * Context: Process context, may sleep.
 */
void nbc_units_exit(void)
{
	kvfree(nbc_guards);
}
