// SPDX-License-Identifier: GPL-2.0
/*
 * What the controller says of itself and its namespaces. Rules can change each byte of
 * it on its way to the driver.
 *
 * Context: the thread of the controller.
 */
#include <linux/unaligned.h>
#include <linux/uuid.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

/* Fields of text are filled up with blanks. */
static void nvmm_fill(char *field, size_t size, const char *text)
{
	size_t len = min(strlen(text), size);

	memset(field, ' ', size);
	memcpy(field, text, len);
}

static u16 nvmm_optional_admin(struct nvmm_ctrl *ctrl)
{
	/* Bit 1 is Format NVM. */
	return BIT(1) | NVME_CTRL_OACS_NS_MNGT_SUPP |
	       (ctrl->config.shadow ? NVME_CTRL_OACS_DBBUF_SUPP : 0);
}

static u16 nvmm_id_ctrl(struct nvmm_ctrl *ctrl)
{
	struct nvme_id_ctrl *id = (void *)ctrl->page;

	id->vid = cpu_to_le16(0xfffe);
	id->ssvid = cpu_to_le16(0xfffe);
	nvmm_fill(id->sn, sizeof(id->sn),
		  *ctrl->subsys->name ? ctrl->subsys->name : ctrl->name);
	nvmm_fill(id->mn, sizeof(id->mn), "controller made of code");
	nvmm_fill(id->fr, sizeof(id->fr), "1");
	/* Bit 1: the subsystem may have several controllers */
	id->cmic = *ctrl->subsys->name ? BIT(1) : 0;
	if (ctrl->config.anatt) {
		id->cmic |= NVME_CTRL_CMIC_ANA;
		id->anatt = ctrl->config.anatt;
		/* All states, and groups stay what they are */
		id->anacap = 0x5f;
		id->anagrpmax = cpu_to_le32(NVMM_ANA_GROUP_MAX);
		id->nanagrpid = cpu_to_le32(NVMM_ANA_GROUPS);
	}
	id->mdts = ctrl->config.mdts;
	id->cntlid = cpu_to_le16(ctrl->instance);
	id->ver = cpu_to_le32(ctrl->config.version);
	id->rtd3e = cpu_to_le32(USEC_PER_SEC);
	id->oaes = cpu_to_le32(NVME_AEN_CFG_NS_ATTR |
			       (ctrl->config.anatt ? NVME_AEN_CFG_ANA_CHANGE : 0));
	/* Extended formats */
	id->ctratt = cpu_to_le32(BIT(15));
	id->cntrltype = NVME_CTRL_IO;
	/* Delays of retries, in 100 ms */
	id->crdt1 = cpu_to_le16(1);
	id->crdt2 = cpu_to_le16(2);
	id->crdt3 = cpu_to_le16(5);
	id->oacs = cpu_to_le16(nvmm_optional_admin(ctrl));
	id->acl = ctrl->config.acl;
	id->aerl = NVMM_MAX_AERS - 1;
	id->frmw = 3;
	/* Bit 2: log pages have offsets and long lengths */
	id->lpa = NVME_CTRL_LPA_CMD_EFFECTS_LOG | BIT(2);
	id->elpe = NVMM_ERROR_ENTRIES - 1;
	id->wctemp = cpu_to_le16(NVMM_WARM_KELVIN);
	id->cctemp = cpu_to_le16(373);
	id->hmpre = cpu_to_le32(ctrl->config.hmpre);
	id->hmmin = cpu_to_le32(ctrl->config.hmmin);
	id->hmminds = cpu_to_le32(ctrl->config.hmminds);
	id->hmmaxd = cpu_to_le16(ctrl->config.hmmaxd);
	nvmm_apst_id(ctrl, id);
	nvmm_fdp_id(ctrl, id);
	id->sqes = NVME_NVM_IOSQES << 4 | NVME_NVM_IOSQES;
	id->cqes = NVME_NVM_IOCQES << 4 | NVME_NVM_IOCQES;
	put_unaligned_le64(NVMM_TOTAL_BYTES, id->tnvmcap);
	put_unaligned_le64(nvmm_unallocated(ctrl), id->unvmcap);
	id->nn = cpu_to_le32(NVMM_NN);
	id->oncs = cpu_to_le16(NVME_CTRL_ONCS_COMPARE | NVME_CTRL_ONCS_DSM |
			       NVME_CTRL_ONCS_WRITE_ZEROES | NVME_CTRL_ONCS_TIMESTAMP);
	/* Bits 2:1 are 11b: a flush of all namespaces is supported */
	id->vwc = ctrl->config.vwc ? NVME_CTRL_VWC_PRESENT | 6 : 0;
	id->sgls = cpu_to_le32(ctrl->config.sgl ? NVME_CTRL_SGLS_BYTE_ALIGNED : 0);
	id->mnan = cpu_to_le32(NVMM_NN);
	snprintf(id->subnqn, sizeof(id->subnqn),
		 "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-%012x",
		 ctrl->subsys->number);
	return 0;
}

/* What all namespaces have in common, also those that commands make. */
static u16 nvmm_id_common(struct nvmm_ctrl *ctrl)
{
	struct nvme_id_ns *id = (void *)ctrl->page;

	unsigned int i;

	id->nlbaf = NVMM_NR_FORMATS - 1;
	for (i = 0; i < NVMM_NR_FORMATS; i++) {
		id->lbaf[i].ds = nvmm_formats[i].shift;
		id->lbaf[i].ms = cpu_to_le16(nvmm_formats[i].ms);
	}
	/* Metadata may be apart, or not; any protection, at either end of it */
	id->mc = 3;
	id->dpc = 0x1f;
	/* What was discarded reads as zeroes. */
	id->dlfeat = 1;
	return 0;
}

static u16 nvmm_id_ns(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns)
{
	struct nvme_id_ns *id = (void *)ctrl->page;

	nvmm_id_common(ctrl);
	id->nsze = cpu_to_le64(ns->bytes >> ns->shift);
	id->ncap = id->nsze;
	id->nuse = id->nsze;
	id->flbas = ns->format | (ns->extended ? NVME_NS_FLBAS_META_EXT : 0);
	id->dps = ns->dps;
	id->nmic = ns->shared;
	id->anagrpid = cpu_to_le32(ctrl->config.anatt ? ns->nsid : 0);
	id->endgid = cpu_to_le16(ctrl->config.fdp ? NVMM_ENDGID : 0);
	id->nsattr = ns->readonly ? NVME_NS_ATTR_RO : 0;
	memcpy(id->nguid, ns->nguid, sizeof(id->nguid));
	memcpy(id->eui64, ns->eui64, sizeof(id->eui64));
	return 0;
}

static u16 nvmm_id_ns_indep(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns)
{
	struct nvme_id_ns_cs_indep *id = (void *)ctrl->page;

	id->nmic = ns->shared;
	id->nsattr = ns->readonly ? NVME_NS_ATTR_RO : 0;
	id->nstat = NVME_NSTAT_NRDY;
	return 0;
}

static u8 *nvmm_descriptor(u8 *at, u8 type, const void *value, u8 len)
{
	struct nvme_ns_id_desc *desc = (void *)at;

	desc->nidt = type;
	desc->nidl = len;
	memcpy(at + sizeof(*desc), value, len);
	return at + sizeof(*desc) + len;
}

static u16 nvmm_id_descriptors(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns)
{
	u8 *at = ctrl->page;

	if (memchr_inv(ns->eui64, 0, sizeof(ns->eui64)))
		at = nvmm_descriptor(at, NVME_NIDT_EUI64, ns->eui64, sizeof(ns->eui64));
	if (memchr_inv(ns->nguid, 0, sizeof(ns->nguid)))
		at = nvmm_descriptor(at, NVME_NIDT_NGUID, ns->nguid, sizeof(ns->nguid));
	if (!uuid_is_null(&ns->uuid))
		at = nvmm_descriptor(at, NVME_NIDT_UUID, &ns->uuid, sizeof(ns->uuid));
	nvmm_descriptor(at, NVME_NIDT_CSI, &ns->csi, sizeof(ns->csi));
	return 0;
}

/* The page as it is says the rest: zero is "no limit reported", or "none". */
static u16 nvmm_id_csi_ctrl(struct nvmm_ctrl *ctrl)
{
	struct nvme_id_ctrl_nvm *id = (void *)ctrl->page;

	id->dmrl = 255;
	return 0;
}

static u16 nvmm_id_csi_ns(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns)
{
	struct nvme_id_ns_nvm *id = (void *)ctrl->page;
	unsigned int i;

	for (i = 0; i < NVMM_NR_FORMATS; i++)
		id->elbaf[i] = cpu_to_le32(nvmm_formats[i].guard <<
					   NVME_ID_NS_NVM_GUARD_SHIFT);
	return 0;
}

/* Ids above @nsid, all there are or the attached ones. */
static u16 nvmm_id_list(struct nvmm_ctrl *ctrl, u32 nsid, bool all)
{
	__le32 *list = (__le32 *)ctrl->page;
	unsigned long index;
	struct nvmm_ns *ns;
	unsigned int n = 0;

	if (nsid >= NVME_NSID_ALL - 1)
		return NVMM_DNR(NVME_SC_INVALID_NS);
	xa_for_each_start(&ctrl->namespaces, index, ns, (unsigned long)nsid + 1) {
		if (n == NVMM_PAGE / sizeof(*list))
			break;
		if (all || ns->attached)
			list[n++] = cpu_to_le32(ns->nsid);
	}
	return 0;
}

/* What is asked of a namespace: an inactive one is a page of zeroes. */
static u16 nvmm_id_of_ns(struct nvmm_ctrl *ctrl, u32 nsid, bool all,
			 u16 (*tell)(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns))
{
	struct nvmm_ns *ns = xa_load(&ctrl->namespaces, nsid);

	if (!nsid || nsid > NVMM_NN)
		return NVMM_DNR(NVME_SC_INVALID_NS);
	if (!ns || (!ns->attached && !all))
		return tell == nvmm_id_descriptors ? NVMM_DNR(NVME_SC_INVALID_NS) : 0;
	return tell(ctrl, ns);
}

static u16 nvmm_fill_page(struct nvmm_ctrl *ctrl, const struct nvme_identify *cmd)
{
	u32 nsid = le32_to_cpu(cmd->nsid);

	lockdep_assert_held(&ctrl->subsys->ns_lock);
	switch (cmd->cns) {
	case NVME_ID_CNS_NS:
		if (nsid == NVME_NSID_ALL)
			return nvmm_id_common(ctrl);
		return nvmm_id_of_ns(ctrl, nsid, false, nvmm_id_ns);
	case NVME_ID_CNS_CTRL:
		return nvmm_id_ctrl(ctrl);
	case NVME_ID_CNS_NS_ACTIVE_LIST:
		return nvmm_id_list(ctrl, nsid, false);
	case NVME_ID_CNS_NS_DESC_LIST:
		return nvmm_id_of_ns(ctrl, nsid, false, nvmm_id_descriptors);
	case NVME_ID_CNS_CS_NS:
		if (!cmd->csi)
			return nvmm_id_of_ns(ctrl, nsid, false, nvmm_id_csi_ns);
		if (cmd->csi == NVME_CSI_ZNS)
			return nvmm_id_of_ns(ctrl, nsid, false, nvmm_zns_id_ns);
		break;
	case NVME_ID_CNS_CS_CTRL:
		if (!cmd->csi)
			return nvmm_id_csi_ctrl(ctrl);
		/* An append is limited as other transfers are. */
		if (cmd->csi == NVME_CSI_ZNS)
			return 0;
		break;
	case NVME_ID_CNS_NS_CS_INDEP:
		if (ctrl->config.version >= NVME_VS(2, 0, 0))
			return nvmm_id_of_ns(ctrl, nsid, false, nvmm_id_ns_indep);
		break;
	case NVME_ID_CNS_NS_PRESENT_LIST:
		return nvmm_id_list(ctrl, nsid, true);
	case NVME_ID_CNS_NS_PRESENT:
		return nvmm_id_of_ns(ctrl, nsid, true, nvmm_id_ns);
	}
	return NVMM_DNR(NVME_SC_INVALID_FIELD);
}

/** nvmm_identify - execute Identify; return: a status of NVMe */
u16 nvmm_identify(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u16 status;

	memset(ctrl->page, 0, NVMM_PAGE);
	mutex_lock(&ctrl->subsys->ns_lock);
	status = nvmm_fill_page(ctrl, &cmd->sqe.identify);
	mutex_unlock(&ctrl->subsys->ns_lock);
	if (!status)
		status = nvmm_data_map(ctrl, &cmd->sqe, NVMM_PAGE);
	if (!status)
		nvmm_data_to_host(ctrl, ctrl->page, NVMM_PAGE);
	return status;
}
