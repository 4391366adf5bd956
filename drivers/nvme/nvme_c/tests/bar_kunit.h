/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of a controller that is played by a test: memory that reads as zeroes
 * and keeps what is written.
 *
 * Most machines take the address of any memory for readl(). User-mode Linux with
 * PCI does not: what can be read there is a region of functions, which ioremap()
 * makes an address of.
 */
#ifndef _NVME_C_TESTS_BAR_KUNIT_H
#define _NVME_C_TESTS_BAR_KUNIT_H

#include <kunit/test.h>
#include <linux/io.h>
#include <linux/slab.h>

#ifdef CONFIG_INDIRECT_IOMEM
#include <linux/ioport.h>
#include <linux/logic_iomem.h>
#include <linux/sizes.h>
#include <linux/string.h>

/* Where regions are looked for: far beyond any memory and device. */
#define NVK_REGIONS_START	BIT_ULL(44)
#define NVK_REGION_BYTES	SZ_64K
#define NVK_MAX_REGIONS		1000

static unsigned long nvk_region_read(void *memory, unsigned int offset,
				     int bytes)
{
	unsigned long value = 0;

	memcpy(&value, memory + offset, bytes);
	return value;
}

static void nvk_region_write(void *memory, unsigned int offset, int bytes,
			     unsigned long value)
{
	memcpy(memory + offset, &value, bytes);
}

static void nvk_region_unmap(void *memory)
{
	kfree(memory);
}

static const struct logic_iomem_ops nvk_region_ops = {
	.read	= nvk_region_read,
	.write	= nvk_region_write,
	.unmap	= nvk_region_unmap,
};

/* Each mapping is other memory, and begins at its own offset 0. */
static long nvk_region_map(unsigned long offset, size_t bytes,
			   const struct logic_iomem_ops **ops, void **memory)
{
	*memory = kzalloc(bytes, GFP_KERNEL);
	if (!*memory)
		return -ENOMEM;
	*ops = &nvk_region_ops;
	return 0;
}

static const struct logic_iomem_region_ops nvk_region = {
	.map	= nvk_region_map,
};

/*
 * Where the region is; made by the first test that needs one. It cannot be taken
 * back. So it stays behind when the module goes, with its resource, in a place where
 * nobody looks for it, and the next module takes the next place.
 */
static phys_addr_t nvk_region_start(struct kunit *test)
{
	static struct resource *res;
	unsigned int i;

	for (i = 0; !res && i < NVK_MAX_REGIONS; i++) {
		struct resource *next = kzalloc(sizeof(*next), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, next);
		next->start = NVK_REGIONS_START + i * NVK_REGION_BYTES;
		next->end = next->start + NVK_REGION_BYTES - 1;
		next->flags = IORESOURCE_MEM;
		if (!logic_iomem_add_region(next, &nvk_region))
			res = next;
		else
			kfree(next);
	}
	KUNIT_ASSERT_NOT_NULL(test, res);
	return res->start;
}

static void nvk_unmap(void *bar)
{
	iounmap((void __iomem __force *)bar);
}

static inline void __iomem *nvk_bar(struct kunit *test, size_t bytes)
{
	void __iomem *bar = ioremap(nvk_region_start(test), bytes);

	KUNIT_ASSERT_NOT_NULL(test, (void __force *)bar);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nvk_unmap,
						  (void __force *)bar));
	return bar;
}
#else
static inline void __iomem *nvk_bar(struct kunit *test, size_t bytes)
{
	void *bar = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bar);
	return (void __iomem __force *)bar;
}
#endif /* CONFIG_INDIRECT_IOMEM */

#endif /* _NVME_C_TESTS_BAR_KUNIT_H */
