// SPDX-License-Identifier: GPL-2.0
/*
 * The controller memory buffer: memory that a controller has in one of its BARs. NVM
 * Express Base Specification, section on the controller memory buffer.
 *
 * It is given to the kernel's P2PDMA, if the controller takes data of reads and writes
 * there. Others allocate it from there: drivers, and programs by p2pmem/allocate of the
 * PCI device. A disk of this driver moves data to and from such memory of any device that
 * its controller can reach without the processor; map.c has that. Queues and PRP lists of
 * the driver's own stay in the host's memory.
 *
 * The memory belongs to the PCI device from probe on, and is taken back after removal, by
 * the kernel: what programs have mapped is unmapped, and what is under way is waited for.
 * A reset by CC.EN leaves it alone. Others may have a controller forget where its memory is,
 * so each bring-up says that again: a reset of the function or the bus, and a suspend to D3.
 * I/O of other disks is not held until then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/memremap.h>
#include <linux/nvme.h>
#include <linux/pci-p2pdma.h>
#include <linux/sizes.h>

#include "cmb.h"
#include "ctrl.h"
#include "main.h"
#include "regs.h"

/* Fields of CMBSZ, and the largest of its units, 64 GiB; each is 16 times the one before. */
#define NVMEC_CMBSZ_SZU		GENMASK(11, 8)
#define NVMEC_CMBSZ_MAX_SZU	6
/* Of data: without one of these, half of what it is for does not work. */
#define NVMEC_CMBSZ_DATA	(NVME_CMBSZ_RDS | NVME_CMBSZ_WDS)
/* A register that has no name in the kernel's header: the address was not taken. */
#define NVMEC_REG_CMBSTS	0x58
#define NVMEC_CMBSTS_CBAI	BIT(0)

/* --- what the controller says --------------------------------------------- */

static bool nvmec_cmb_clear_of(struct device *dev, const struct nvmec_cmb *cmb,
			       const struct nvmec_cmb_kept *kept)
{
	if (!kept->bytes || kept->bar != cmb->bar ||
	    kept->offset >= cmb->offset + cmb->bytes ||
	    cmb->offset >= kept->offset + kept->bytes)
		return true;
	dev_warn(dev, "CMBLOC.OFST: %#llx bytes at %#llx, BAR %u has what %s says at %#llx: its memory is not used\n",
		 cmb->bytes, cmb->offset, cmb->bar, kept->field, kept->offset);
	return false;
}

/*
 * Finds the memory. Returns 0, or -EINVAL with a line in the log if what the controller says
 * of it makes no sense.
 */
VISIBLE_IF_KUNIT int nvmec_cmb_check(struct device *dev,
				     const struct nvmec_cmb_said *said,
				     struct nvmec_cmb *cmb)
{
	unsigned int i, szu = FIELD_GET(NVMEC_CMBSZ_SZU, said->cmbsz);
	u64 room = 0;

	if (szu > NVMEC_CMBSZ_MAX_SZU) {
		dev_warn(dev, "CMBSZ.SZU: %u, 0 to %u are known: its memory is not used\n",
			 szu, NVMEC_CMBSZ_MAX_SZU);
		return -EINVAL;
	}
	cmb->bar = NVME_CMB_BIR(said->cmbloc);
	cmb->offset = (u64)NVME_CMB_OFST(said->cmbloc) * SZ_4K << 4 * szu;
	cmb->bytes = (u64)FIELD_GET(NVMEC_CMBSZ_SZ, said->cmbsz) * SZ_4K << 4 * szu;
	if (cmb->bar < ARRAY_SIZE(said->bar_bytes))
		room = said->bar_bytes[cmb->bar];
	if (!room) {
		dev_warn(dev, "CMBLOC.BIR: there is no BAR %u: its memory is not used\n",
			 cmb->bar);
		return -EINVAL;
	}
	if (cmb->offset >= room) {
		dev_warn(dev, "CMBLOC.OFST: %#llx, BAR %u ends at %#llx: its memory is not used\n",
			 cmb->offset, cmb->bar, room);
		return -EINVAL;
	}
	if (!cmb->bar && cmb->offset < said->regs_bytes) {
		dev_warn(dev, "CMBLOC.OFST: %#llx, BAR 0 has doorbells up to %#llx: its memory is not used\n",
			 cmb->offset, said->regs_bytes);
		return -EINVAL;
	}
	if (cmb->bytes > room - cmb->offset) {
		dev_warn(dev, "CMBSZ.SZ: %#llx bytes at %#llx, BAR %u ends at %#llx: its memory is not used\n",
			 cmb->bytes, cmb->offset, cmb->bar, room);
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(said->kept); i++) {
		if (!nvmec_cmb_clear_of(dev, cmb, &said->kept[i]))
			return -EINVAL;
	}
	return 0;
}

/* Since version 1.4 the registers are empty until somebody wants to know. */
static bool nvmec_cmb_ask(struct nvmec_ctrl *ctrl)
{
	if (NVME_CAP_CMBS(lo_hi_readq(ctrl->bar + NVME_REG_CAP)))
		writel(NVME_CMBMSC_CRE, ctrl->bar + NVME_REG_CMBMSC);
	ctrl->cmbloc = readl(ctrl->bar + NVME_REG_CMBLOC);
	ctrl->cmbsz = readl(ctrl->bar + NVME_REG_CMBSZ);
	return ctrl->cmbsz & NVMEC_CMBSZ_SZ;
}

/* The low three bits are the number of a BAR, as in both registers of MSI-X. */
static struct nvmec_cmb_kept nvmec_cmb_msix(struct pci_dev *pdev, int reg,
					    const char *field, u64 bytes)
{
	u32 value = 0;

	if (pci_read_config_dword(pdev, pdev->msix_cap + reg, &value))
		bytes = 0;
	return (struct nvmec_cmb_kept) {
		.field	= field,
		.bar	= value & PCI_MSIX_TABLE_BIR,
		.offset	= value & PCI_MSIX_TABLE_OFFSET,
		.bytes	= bytes,
	};
}

static void nvmec_cmb_find_msix(struct pci_dev *pdev, struct nvmec_cmb_said *said)
{
	int nr = pci_msix_vec_count(pdev);

	if (nr <= 0)
		return;
	said->kept[0] = nvmec_cmb_msix(pdev, PCI_MSIX_TABLE, "MTAB",
				       (u64)nr * PCI_MSIX_ENTRY_SIZE);
	/* A bit for each, in words of 64. */
	said->kept[1] = nvmec_cmb_msix(pdev, PCI_MSIX_PBA, "MPBA",
				       DIV_ROUND_UP(nr, 64) * sizeof(u64));
}

static int nvmec_cmb_find(struct nvmec_ctrl *ctrl, struct nvmec_cmb *cmb)
{
	struct nvmec_cmb_said said = {
		.cmbloc		= ctrl->cmbloc,
		.cmbsz		= ctrl->cmbsz,
	};
	u64 stride = (u64)sizeof(u32) << NVME_CAP_STRIDE(lo_hi_readq(ctrl->bar + NVME_REG_CAP));
	struct pci_dev *pdev = ctrl->pdev;
	unsigned int bar;

	/* Two doorbells for each queue that the specification has. */
	said.regs_bytes = NVME_REG_DBS + 2 * SZ_64K * stride;
	for (bar = 0; bar < ARRAY_SIZE(said.bar_bytes); bar++) {
		if (pci_resource_flags(pdev, bar) & IORESOURCE_MEM)
			said.bar_bytes[bar] = pci_resource_len(pdev, bar);
	}
	nvmec_cmb_find_msix(pdev, &said);
	return nvmec_cmb_check(&ctrl->dev, &said, cmb);
}

/* --- giving it away ------------------------------------------------------- */

/*
 * Since version 1.4 the controller has to be told where others see its memory. The half
 * that makes it heed that comes last.
 */
static int nvmec_cmb_tell(struct nvmec_ctrl *ctrl)
{
	u64 value = ctrl->cmb_bus | NVME_CMBMSC_CRE | NVME_CMBMSC_CMSE;

	if (!NVME_CAP_CMBS(lo_hi_readq(ctrl->bar + NVME_REG_CAP)))
		return 0;
	writel(upper_32_bits(value), ctrl->bar + NVME_REG_CMBMSC + sizeof(u32));
	writel(lower_32_bits(value), ctrl->bar + NVME_REG_CMBMSC);
	if (!(readl(ctrl->bar + NVMEC_REG_CMBSTS) & NVMEC_CMBSTS_CBAI))
		return 0;
	dev_warn(&ctrl->dev, "CMBSTS.CBAI: its memory cannot be at %#llx\n", ctrl->cmb_bus);
	return -EIO;
}

/* The half that has it heed that goes first; its registers stay readable. */
static void nvmec_cmb_take_back(struct nvmec_ctrl *ctrl)
{
	ctrl->cmb_bus = 0;
	if (!NVME_CAP_CMBS(lo_hi_readq(ctrl->bar + NVME_REG_CAP)))
		return;
	writel(NVME_CMBMSC_CRE, ctrl->bar + NVME_REG_CMBMSC);
	writel(0, ctrl->bar + NVME_REG_CMBMSC + sizeof(u32));
}

/* The kernel has structures for memory in pieces of some size: what is in whole ones. */
static int nvmec_cmb_publish(struct nvmec_ctrl *ctrl, const struct nvmec_cmb *cmb)
{
	u64 start = pci_resource_start(ctrl->pdev, cmb->bar) + cmb->offset;
	unsigned long unit = memremap_compat_align();
	u64 from = ALIGN(start, unit), to = ALIGN_DOWN(start + cmb->bytes, unit);
	int ret;

	if (from >= to) {
		dev_info(&ctrl->dev, "controller memory buffer: not used: %llu KiB, no whole %lu of them\n",
			 cmb->bytes >> 10, unit >> 10);
		return -EINVAL;
	}
	ret = pci_p2pdma_add_resource(ctrl->pdev, cmb->bar, to - from,
				      cmb->offset + from - start);
	if (ret) {
		dev_info(&ctrl->dev, "controller memory buffer: not used: %s %d\n",
			 ret == -EOPNOTSUPP ? "no P2PDMA in this kernel, error" : "error",
			 ret);
		return ret;
	}
	pci_p2pmem_publish(ctrl->pdev, true);
	dev_info(&ctrl->dev, "controller memory buffer: %llu KiB in BAR %u\n",
		 (to - from) >> 10, cmb->bar);
	return 0;
}

/**
 * nvmec_cmb_add - offer the memory of a controller to others
 * @ctrl: a controller whose registers are mapped
 *
 * One without any is no error, nor is one whose memory cannot be used. The kernel takes the
 * memory back by itself when the PCI device has no driver any more.
 *
 * Context: The driver's probe function, before the first bring-up.
 */
void nvmec_cmb_add(struct nvmec_ctrl *ctrl)
{
	struct nvmec_cmb cmb;

	if (!nvmec_p2pdma || nvmec_ctrl_gone(ctrl) || !nvmec_cmb_ask(ctrl))
		return;
	if (nvmec_cmb_find(ctrl, &cmb))
		return;
	if ((ctrl->cmbsz & NVMEC_CMBSZ_DATA) != NVMEC_CMBSZ_DATA) {
		dev_info(&ctrl->dev, "controller memory buffer: not used: it takes no data of reads or writes\n");
		return;
	}
	ctrl->cmb_bus = pci_bus_address(ctrl->pdev, cmb.bar) + cmb.offset;
	if (nvmec_cmb_tell(ctrl) || nvmec_cmb_publish(ctrl, &cmb))
		nvmec_cmb_take_back(ctrl);
}

/**
 * nvmec_cmb_start - have a controller know its memory where others see it
 * @ctrl: the controller, in bring-up
 *
 * Context: Process context, under run_lock.
 * Return: 0, also if it has none; or -EIO with a line in the log.
 */
int nvmec_cmb_start(struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->run_lock);
	return ctrl->cmb_bus ? nvmec_cmb_tell(ctrl) : 0;
}
