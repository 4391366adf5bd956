// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a user's command.
 *
 * A page of the user's may be one that another process brings when it likes: of a file
 * of FUSE, or by userfaultfd. So the pages are there before the command has a request,
 * and what went through pages of our own is copied to them when the request is free
 * again. Whoever waited for such a page with a request in hand would hold up a reset, a
 * format, and the removal of the device.
 *
 * Data goes to the user's pages where a PRP list can say where they are. All other goes
 * through pages of our own. So does what does not lie in whole pages on the admin queue,
 * where the length of a transfer is not known: a controller that writes a page, though a
 * part of one was asked for, does not reach memory of somebody else. For the same reason
 * a command gets a page of our own that may move data, by its opcode, and whose user gave
 * none: without an address the controller would go to address 0.
 *
 * Pages of our own are there until the user's task takes the end of the command, which it
 * may put off for ever, with one command after the other. They are in no process's size,
 * so one that runs out of memory would not be found by it. That is why they count as
 * memory that the user has locked, against the same limit: RLIMIT_MEMLOCK.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mqblk_compat.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "prp.h"
#include "rq.h"
#include "user.h"

/* Pages that are asked for at a time: their array is on the stack. */
#define NVMEC_PIN_BATCH		16
/* Most metadata of a command: it is in one piece. */
#define NVMEC_MAX_META_BYTES	SZ_1M

/* Of an opcode: whether data moves, and in which direction (NVMe Base, Opcodes). */
#define NVMEC_OPCODE_MOVES	GENMASK(1, 0)

/**
 * struct nvmec_udata - the data of a user's command
 * @bio: what the request gets, with @vecs
 * @iter: where bounced data comes from or goes to
 * @iov: the array that @iter is of, or NULL
 * @reads: the controller writes it
 * @bounced: the pages are our own
 * @pinned: the pages are the user's, and held
 * @spare: the user has none: a page for what the controller may move all the same
 * @order: of our own pages
 * @meta: memory of our own for metadata, or NULL
 * @meta_addr: where the user has it
 * @meta_bytes: how long it is
 * @charged: how many pages of our own count for @payer
 * @payer: the user, with a reference, if @charged is not 0
 * @bytes: how long it is
 * @nr: pieces in @vecs
 * @max: how many there may be
 * @boundary: a piece may not go over the end of so much memory; a mask
 * @vecs: where it is in memory
 */
struct nvmec_udata {
	struct bio	bio;
	struct iov_iter	iter;
	struct iovec	*iov;
	bool		reads;
	bool		bounced;
	bool		pinned;
	bool		spare;
	unsigned int	order;
	void		*meta;
	u64		meta_addr;
	unsigned int	meta_bytes;
	unsigned long	charged;
	struct user_struct *payer;
	unsigned int	bytes;
	unsigned int	nr;
	unsigned int	max;
	unsigned long	boundary;
	struct bio_vec	vecs[];
};

/* --- what the user has ---------------------------------------------------- */

static int nvmec_udata_import_fixed(const struct nvmec_ucmd *ucmd, int dir,
				    struct iov_iter *iter)
{
	if (ucmd->vec)
		return io_uring_cmd_import_fixed_vec(ucmd->fixed,
						     u64_to_user_ptr(ucmd->addr),
						     ucmd->len, dir, iter,
						     ucmd->issue_flags);
	return mqblk_uring_import_fixed(ucmd->addr, ucmd->len, dir, iter, ucmd->fixed,
					ucmd->issue_flags);
}

/*
 * Copies an array of the user's to the kernel's kind. That of a program of 32 bits has half
 * the length: it comes to the end of the other's memory, and is read from there before
 * that is written.
 */
static int nvmec_udata_copy_array(const struct nvmec_ucmd *ucmd, struct iovec *iov)
{
	const void __user *from = u64_to_user_ptr(ucmd->addr);
	struct compat_iovec *half = (void *)(iov + ucmd->len);
	u32 i;

	if (!ucmd->compat)
		return copy_from_user(iov, from, ucmd->len * sizeof(*iov)) ? -EFAULT : 0;
	half -= ucmd->len;
	if (copy_from_user(half, from, ucmd->len * sizeof(*half)))
		return -EFAULT;
	for (i = 0; i < ucmd->len; i++) {
		struct compat_iovec piece = half[i];

		iov[i].iov_base = compat_ptr(piece.iov_base);
		iov[i].iov_len = piece.iov_len;
	}
	return 0;
}

/* Returns how many bytes there are, or an errno. */
static ssize_t nvmec_udata_check_array(const struct iovec *iov, u32 nr)
{
	size_t bytes = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!access_ok(iov[i].iov_base, iov[i].iov_len))
			return -EFAULT;
		if (iov[i].iov_len > MAX_RW_COUNT - bytes)
			return -EINVAL;
		bytes += iov[i].iov_len;
	}
	return bytes;
}

/*
 * import_iovec() goes by the system call that is being made. A thread of io_uring makes
 * none, and a program may make a ring in one way, and use it in the other.
 */
static int nvmec_udata_import_array(const struct nvmec_ucmd *ucmd, int dir,
				    struct iovec **array, struct iov_iter *iter)
{
	struct iovec *iov;
	ssize_t bytes;

	if (ucmd->len > UIO_MAXIOV)
		return -EINVAL;
	iov = kmalloc_array(ucmd->len, sizeof(*iov), GFP_KERNEL_ACCOUNT);
	if (!iov)
		return -ENOMEM;
	bytes = nvmec_udata_copy_array(ucmd, iov);
	if (!bytes)
		bytes = nvmec_udata_check_array(iov, ucmd->len);
	if (bytes < 0) {
		kfree(iov);
		return bytes;
	}
	iov_iter_init(iter, dir, iov, ucmd->len, bytes);
	*array = iov;
	return 0;
}

/* An array of one piece is not kept: @iter has all of it. */
static int nvmec_udata_import(const struct nvmec_ucmd *ucmd, int dir,
			      struct iovec **array, struct iov_iter *iter)
{
	void __user *addr = u64_to_user_ptr(ucmd->addr);
	struct iovec one, *iov = &one;
	ssize_t ret;

	*array = NULL;
	if (ucmd->fixed)
		return nvmec_udata_import_fixed(ucmd, dir, iter);
	if (!ucmd->vec)
		return import_ubuf(dir, addr, ucmd->len, iter);
	if (ucmd->compat != in_compat_syscall())
		return nvmec_udata_import_array(ucmd, dir, array, iter);
	ret = import_iovec(dir, addr, ucmd->len, 1, &iov, iter);
	if (ret < 0)
		return ret;
	*array = iov;
	return 0;
}

/* --- pages of the user's -------------------------------------------------- */

static void nvmec_udata_unpin(struct nvmec_udata *data)
{
	unsigned int i;

	for (i = 0; data->pinned && i < data->nr; i++) {
		const struct bio_vec *bv = &data->vecs[i];

		unpin_user_page_range_dirty_lock(bv->bv_page,
						 DIV_ROUND_UP(bv->bv_offset + bv->bv_len,
							      PAGE_SIZE),
						 data->reads);
	}
	data->pinned = false;
	data->nr = 0;
}

/*
 * Goes on with a page where the last piece ends with the one before it. Not over a
 * boundary of segments: the block layer would split the piece there when it is mapped, and
 * on Linux 6.12 it does not count that before.
 */
static bool nvmec_udata_extend(const struct nvmec_udata *data, struct bio_vec *bv,
			       struct page *page, unsigned int offset,
			       unsigned int bytes)
{
	unsigned int end = bv->bv_offset + bv->bv_len, pages = end >> PAGE_SHIFT;

	if (offset || offset_in_page(end) || bv->bv_page + pages != page ||
	    page_to_pfn(bv->bv_page) + pages != page_to_pfn(page) ||
	    is_zone_device_page(page))
		return false;
	if ((page_to_phys(bv->bv_page) | data->boundary) !=
	    (page_to_phys(page) | data->boundary))
		return false;
	bv->bv_len += bytes;
	return true;
}

/* Adds a part of a page. Returns false if a PRP list cannot say that, or is full. */
static bool nvmec_udata_add(struct nvmec_udata *data, struct page *page,
			    unsigned int offset, unsigned int bytes)
{
	struct bio_vec *last;

	if (data->nr) {
		last = &data->vecs[data->nr - 1];
		if (nvmec_udata_extend(data, last, page, offset, bytes))
			return true;
		if ((last->bv_offset + last->bv_len) & NVMEC_PAGE_MASK ||
		    offset & NVMEC_PAGE_MASK)
			return false;
	}
	if (data->nr == data->max)
		return false;
	bvec_set_page(&data->vecs[data->nr++], page, bytes, offset);
	return true;
}

/* Adds the pages of @bytes. Returns how many of them were. */
static unsigned int nvmec_udata_add_pages(struct nvmec_udata *data, struct page **pages,
					  size_t offset, size_t bytes)
{
	unsigned int nr;
	size_t part;

	for (nr = 0; bytes; nr++, offset = 0, bytes -= part) {
		part = min(bytes, PAGE_SIZE - offset);
		if (!nvmec_udata_add(data, pages[nr], offset, part))
			break;
	}
	return nr;
}

/* Returns 0, -EREMOTEIO if a PRP list cannot say where they are, or -EFAULT. */
static int nvmec_udata_pin(struct nvmec_udata *data, struct iov_iter iter)
{
	struct page *pages[NVMEC_PIN_BATCH], **to = pages;
	unsigned int nr, added;
	size_t offset;
	ssize_t bytes;

	data->pinned = iov_iter_extract_will_pin(&iter);
	while (iov_iter_count(&iter)) {
		bytes = iov_iter_extract_pages(&iter, &to, iov_iter_count(&iter),
					       ARRAY_SIZE(pages), 0, &offset);
		if (bytes <= 0)
			return bytes ?: -EFAULT;
		nr = DIV_ROUND_UP(offset + bytes, PAGE_SIZE);
		added = nvmec_udata_add_pages(data, pages, offset, bytes);
		if (added == nr)
			continue;
		if (data->pinned)
			unpin_user_pages(pages + added, nr - added);
		return -EREMOTEIO;
	}
	return 0;
}

/* --- pages of our own ----------------------------------------------------- */

/* Between the user and our pages. Returns 0 or -EFAULT. */
static int nvmec_udata_copy(struct nvmec_udata *data)
{
	unsigned int i, left = data->bytes, part;
	struct iov_iter iter = data->iter;
	size_t done;

	for (i = 0; i < data->nr && left; i++, left -= part) {
		const struct bio_vec *bv = &data->vecs[i];

		part = min(bv->bv_len, left);
		if (data->reads)
			done = copy_page_to_iter(bv->bv_page, 0, part, &iter);
		else
			done = copy_page_from_iter(bv->bv_page, 0, part, &iter);
		if (done != part)
			return -EFAULT;
	}
	return 0;
}

#ifdef CONFIG_IO_URING
/* Returns 0, or -ENOMEM if the user has as much locked as he may. */
static int nvmec_udata_charge(struct nvmec_udata *data, unsigned long pages)
{
	struct user_struct *user = current_user();

	/* Without pages there would be nothing to give @payer back for. */
	if (!pages || ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK))
		return 0;
	if (atomic_long_add_return(pages, &user->locked_vm) >
	    rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT) {
		atomic_long_sub(pages, &user->locked_vm);
		return -ENOMEM;
	}
	if (!data->payer)
		data->payer = get_uid(user);
	data->charged += pages;
	return 0;
}

static void nvmec_udata_uncharge(struct nvmec_udata *data)
{
	if (!data->charged)
		return;
	atomic_long_sub(data->charged, &data->payer->locked_vm);
	free_uid(data->payer);
}
#else
/* Who waits for each command can have one for each thread, and no more. */
static int nvmec_udata_charge(struct nvmec_udata *data, unsigned long pages)
{
	return 0;
}

static void nvmec_udata_uncharge(struct nvmec_udata *data)
{
}
#endif

static void nvmec_udata_free_pages(struct nvmec_udata *data)
{
	while (data->nr)
		__free_pages(data->vecs[--data->nr].bv_page, data->order);
}

/* They are zero where the controller does not write. Returns 0, -ENOMEM or -EFAULT. */
static int nvmec_udata_bounce(struct nvmec_udata *data)
{
	unsigned int left = data->bytes, part;
	struct page *page;
	int ret;

	data->bounced = true;
	data->order = get_order(DIV_ROUND_UP(left, data->max));
	ret = nvmec_udata_charge(data, (unsigned long)DIV_ROUND_UP(left, PAGE_SIZE << data->order)
				       << data->order);
	if (ret)
		return ret;
	for (; left; left -= part) {
		part = min_t(unsigned int, left, PAGE_SIZE << data->order);
		page = alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_COMP,
				   data->order);
		if (!page)
			return -ENOMEM;
		bvec_set_page(&data->vecs[data->nr++], page, part, 0);
	}
	return data->reads ? 0 : nvmec_udata_copy(data);
}

/* --- metadata ------------------------------------------------------------- */

/*
 * It goes through memory of our own in any case: it is short, must be in one piece, and is
 * zero where the controller does not write. Returns 0, -EINVAL, -ENOMEM or -EFAULT.
 */
static int nvmec_udata_take_meta(struct nvmec_udata *data, const struct nvmec_ucmd *ucmd)
{
	int ret;

	if (!ucmd->meta_len)
		return 0;
	if (ucmd->meta_len > NVMEC_MAX_META_BYTES)
		return -EINVAL;
	ret = nvmec_udata_charge(data, 1UL << get_order(ucmd->meta_len));
	if (ret)
		return ret;
	/* In whole pages: a controller may move more of it than there is. */
	data->meta = kzalloc(PAGE_ALIGN(ucmd->meta_len), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!data->meta)
		return -ENOMEM;
	data->meta_addr = ucmd->meta_addr;
	data->meta_bytes = ucmd->meta_len;
	if (!data->reads && copy_from_user(data->meta, u64_to_user_ptr(data->meta_addr),
					   data->meta_bytes))
		return -EFAULT;
	return 0;
}

/* Returns 0 or -EFAULT. */
static int nvmec_udata_give_meta(const struct nvmec_udata *data)
{
	if (!data->meta || !copy_to_user(u64_to_user_ptr(data->meta_addr), data->meta,
					 data->meta_bytes))
		return 0;
	return -EFAULT;
}

/* --- life ----------------------------------------------------------------- */

static struct nvmec_udata *nvmec_udata_alloc(struct request_queue *q,
					     const struct iov_iter *iter)
{
	unsigned int max = min_t(unsigned int, queue_max_segments(q),
				 iov_iter_npages(iter, INT_MAX));
	struct nvmec_udata *data;

	data = kmalloc(struct_size(data, vecs, max), GFP_KERNEL_ACCOUNT);
	if (!data)
		return NULL;
	memset(data, 0, sizeof(*data));
	data->max = max;
	data->boundary = queue_segment_boundary(q);
	data->iter = *iter;
	data->bytes = iov_iter_count(iter);
	data->reads = iov_iter_rw(iter) == READ;
	return data;
}

/* With @copied, what the user changes from now on changes nothing. */
static int nvmec_udata_fill(struct nvmec_udata *data, struct request_queue *q,
			    bool copied)
{
	int ret = -EREMOTEIO;

	if (!copied && !(iov_iter_alignment(&data->iter) &
	      blk_lim_dma_alignment_and_pad(&q->limits)))
		ret = nvmec_udata_pin(data, data->iter);
	if (ret != -EREMOTEIO)
		return ret;
	nvmec_udata_unpin(data);
	return nvmec_udata_bounce(data);
}

/* Data of no user, for a command that may move some; NULL or an ERR_PTR(). */
static struct nvmec_udata *nvmec_udata_get_spare(const struct nvmec_ucmd *ucmd)
{
	struct nvmec_udata *data;
	struct page *page;

	if (!(ucmd->cmd.common.opcode & NVMEC_OPCODE_MOVES) ||
	    nvmec_least_bytes(ucmd, 0, NULL) != NVMEC_BYTES_UNKNOWN)
		return NULL;
	data = kzalloc(struct_size(data, vecs, 1), GFP_KERNEL_ACCOUNT);
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!data || !page) {
		if (page)
			__free_page(page);
		kfree(data);
		return ERR_PTR(-ENOMEM);
	}
	data->spare = true;
	data->bounced = true;
	data->bytes = NVMEC_PAGE_SIZE;
	data->nr = 1;
	bvec_set_page(&data->vecs[0], page, data->bytes, 0);
	return data;
}

/**
 * nvmec_udata_get - have the data of a command at hand
 * @ucmd: the command
 * @q: the queue it is for
 *
 * Context: Process context of the user, may sleep, and for as long as whoever brings the
 * user's pages likes: no request, lock or place in a queue may be held. A signal that
 * kills ends it.
 * Return: the data, for nvmec_udata_put(); NULL if there is none; or an ERR_PTR():
 * -EINVAL if it is more than the controller takes, -EFAULT; or -ENOMEM, also if it needs
 * pages of our own, and the user has as much memory locked as he may.
 */
struct nvmec_udata *nvmec_udata_get(const struct nvmec_ucmd *ucmd,
				    struct request_queue *q)
{
	struct nvmec_udata *data = NULL;
	struct iov_iter iter;
	struct iovec *iov;
	int ret;

	/* Then the address is none, and no buffer needs to be registered. */
	if (!ucmd->len)
		return nvmec_udata_get_spare(ucmd);
	ret = nvmec_udata_import(ucmd, nvme_is_write(&ucmd->cmd) ? ITER_SOURCE :
								    ITER_DEST,
				 &iov, &iter);
	if (ret)
		return ERR_PTR(ret);
	if (!iov_iter_count(&iter))
		goto free;
	ret = -EINVAL;
	if (iov_iter_count(&iter) > (u64)queue_max_hw_sectors(q) << SECTOR_SHIFT)
		goto free;
	ret = -ENOMEM;
	data = nvmec_udata_alloc(q, &iter);
	if (!data)
		goto free;
	data->iov = iov;
	ret = nvmec_udata_charge(data, struct_size(data, vecs, data->max) >> PAGE_SHIFT);
	if (!ret)
		ret = nvmec_udata_fill(data, q, nvmec_brings_ranges(ucmd));
	if (!ret)
		ret = nvmec_udata_take_meta(data, ucmd);
	if (!ret && !data->bounced) {
		/* Where the user wants it is known by its pages. */
		kfree(data->iov);
		data->iov = NULL;
	}
	if (!ret)
		return data;
	nvmec_udata_put(data, false);
	return ERR_PTR(ret);
free:
	kfree(iov);
	return ret ? ERR_PTR(ret) : nvmec_udata_get_spare(ucmd);
}

/**
 * nvmec_udata_bytes - how much of it the user gave
 * @data: from nvmec_udata_get()
 *
 * Context: Any.
 * Return: bytes.
 */
u32 nvmec_udata_bytes(const struct nvmec_udata *data)
{
	return data && !data->spare ? data->bytes : 0;
}

/**
 * nvmec_udata_meta_bytes - how long the metadata is that goes with it
 * @data: from nvmec_udata_get()
 *
 * Context: Any.
 * Return: bytes.
 */
u32 nvmec_udata_meta_bytes(const struct nvmec_udata *data)
{
	return data ? data->meta_bytes : 0;
}

/**
 * nvmec_udata_copied - data that the user cannot change any more
 * @data: from nvmec_udata_get() for a command of which nvmec_brings_ranges() is true
 *
 * Context: Any.
 * Return: where it begins; a page of it, or all if there is less, is in one piece.
 */
const void *nvmec_udata_copied(const struct nvmec_udata *data)
{
	return page_address(data->vecs[0].bv_page);
}

/**
 * nvmec_udata_attach - have a request move the data
 * @data: from nvmec_udata_get(); may be NULL
 * @rq: without data yet; of the queue that the data is for
 * @bytes: how much the command moves, at most nvmec_udata_bytes(); the rest is as if it
 *	were not there
 * @meta_bytes: the same of the metadata, at most nvmec_udata_meta_bytes()
 *
 * The limits may have changed since the data was had; now they cannot.
 *
 * Context: Any.
 * Return: 0, or -EINVAL if the controller does not take that much.
 */
int nvmec_udata_attach(struct nvmec_udata *data, struct request *rq, u32 bytes,
		       u32 meta_bytes)
{
	struct gendisk *disk = rq->q->disk;

	if (data && !data->spare)
		data->bytes = bytes;
	if (data)
		data->meta_bytes = data->bytes ? meta_bytes : 0;
	if (!data || !data->bytes)
		return 0;
	if (data->bytes > (u64)queue_max_hw_sectors(rq->q) << SECTOR_SHIFT ||
	    data->nr > queue_max_segments(rq->q))
		return -EINVAL;
	nvmec_rq(rq)->meta = data->meta_bytes ? data->meta : NULL;
	nvmec_rq(rq)->meta_bytes = data->meta_bytes;
	bio_init(&data->bio, disk ? disk->part0 : NULL, data->vecs, data->nr,
		 req_op(rq));
	data->bio.bi_vcnt = data->nr;
	data->bio.bi_iter.bi_size = data->bytes;
	return blk_rq_append_bio(rq, &data->bio) ? -EINVAL : 0;
}

/**
 * nvmec_udata_put - let go of the data of a command
 * @data: from nvmec_udata_get(); may be NULL
 * @done: the command was done, so what it read is for the user
 *
 * Context: as nvmec_udata_get(), after the request was freed. If the user is gone, a
 * thread of the kernel.
 * Return: 0; -EFAULT if it cannot be written to where the user wants it, -EINTR if
 * there is no user any more.
 */
int nvmec_udata_put(struct nvmec_udata *data, bool done)
{
	int ret = 0;

	if (!data)
		return 0;
	if (data->bounced && data->reads && done && !data->spare)
		ret = current->mm ? nvmec_udata_copy(data) : -EINTR;
	if (data->meta && data->reads && done && !ret)
		ret = current->mm ? nvmec_udata_give_meta(data) : -EINTR;
	if (data->bounced)
		nvmec_udata_free_pages(data);
	else
		nvmec_udata_unpin(data);
	nvmec_udata_uncharge(data);
	bio_uninit(&data->bio);
	kfree(data->meta);
	kfree(data->iov);
	kfree(data);
	return ret;
}
