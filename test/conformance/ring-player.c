/*
 * Plays the macros of the real <xen/io/ring.h> and <xen/io/blkif.h> on one page, as a script on stdin says, and shows
 * after every operation what came of it. The conformance tests play the same script on ringtop's ring.
 *
 *   ring-player           script on stdin; per operation 4 bytes of result, 112 bytes of the private copy, 4096 of page
 *   ring-player layout    names and numbers: sizes, offsets and constants as this compiler sees the headers
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>
#include <xen/io/xenbus.h>

#define SIZE_OF(type) printf("sizeof " #type " %zu\n", sizeof(type))
#define OFFSET(type, field) printf("offsetof " #type " " #field " %zu %zu\n", offsetof(type, field), sizeof(((type *)0)->field))
#define NUMBER(name) printf("constant " #name " %lld\n", (long long)(name))

static int layout(void)
{
	SIZE_OF(blkif_request_t);
	SIZE_OF(blkif_response_t);
	SIZE_OF(struct blkif_request_segment);
	SIZE_OF(union blkif_sring_entry);
	OFFSET(blkif_request_t, operation);
	OFFSET(blkif_request_t, nr_segments);
	OFFSET(blkif_request_t, handle);
	OFFSET(blkif_request_t, id);
	OFFSET(blkif_request_t, sector_number);
	OFFSET(blkif_request_t, seg);
	OFFSET(struct blkif_request_segment, gref);
	OFFSET(struct blkif_request_segment, first_sect);
	OFFSET(struct blkif_request_segment, last_sect);
	OFFSET(blkif_response_t, id);
	OFFSET(blkif_response_t, operation);
	OFFSET(blkif_response_t, status);
	OFFSET(blkif_sring_t, req_prod);
	OFFSET(blkif_sring_t, req_event);
	OFFSET(blkif_sring_t, rsp_prod);
	OFFSET(blkif_sring_t, rsp_event);
	OFFSET(blkif_sring_t, ring);
	SIZE_OF(grant_entry_v1_t);
	OFFSET(grant_entry_v1_t, flags);
	OFFSET(grant_entry_v1_t, domid);
	OFFSET(grant_entry_v1_t, frame);
	SIZE_OF(struct shared_info);
	SIZE_OF(struct vcpu_info);
	OFFSET(struct shared_info, vcpu_info);
	OFFSET(struct shared_info, evtchn_pending);
	OFFSET(struct shared_info, evtchn_mask);
	OFFSET(struct vcpu_info, evtchn_upcall_pending);
	OFFSET(struct vcpu_info, evtchn_upcall_mask);
	OFFSET(struct vcpu_info, evtchn_pending_sel);
	for (unsigned pages = 1; pages <= 16; pages *= 2)
		printf("ring blkif %u %u\n", pages, (unsigned)__RING_SIZE((blkif_sring_t *)0, 4096 * pages));
	NUMBER(BLKIF_OP_READ);
	NUMBER(BLKIF_OP_WRITE);
	NUMBER(BLKIF_OP_WRITE_BARRIER);
	NUMBER(BLKIF_OP_FLUSH_DISKCACHE);
	NUMBER(BLKIF_OP_RESERVED_1);
	NUMBER(BLKIF_OP_DISCARD);
	NUMBER(BLKIF_OP_INDIRECT);
	NUMBER(BLKIF_RSP_OKAY);
	NUMBER(BLKIF_RSP_ERROR);
	NUMBER(BLKIF_RSP_EOPNOTSUPP);
	NUMBER(BLKIF_MAX_SEGMENTS_PER_REQUEST);
	NUMBER(VDISK_CDROM);
	NUMBER(VDISK_REMOVABLE);
	NUMBER(VDISK_READONLY);
	NUMBER(XenbusStateUnknown);
	NUMBER(XenbusStateInitialising);
	NUMBER(XenbusStateInitWait);
	NUMBER(XenbusStateInitialised);
	NUMBER(XenbusStateConnected);
	NUMBER(XenbusStateClosing);
	NUMBER(XenbusStateClosed);
	NUMBER(XenbusStateReconfiguring);
	NUMBER(XenbusStateReconfigured);
	NUMBER(GNTST_okay);
	NUMBER(GNTST_general_error);
	NUMBER(GNTST_bad_domain);
	NUMBER(GNTST_bad_gntref);
	NUMBER(GNTST_bad_handle);
	NUMBER(GNTST_bad_virt_addr);
	NUMBER(GNTST_bad_dev_addr);
	NUMBER(GNTST_no_device_space);
	NUMBER(GNTST_permission_denied);
	NUMBER(GNTST_bad_page);
	NUMBER(GNTST_bad_copy_arg);
	NUMBER(GNTST_address_too_big);
	NUMBER(GNTST_eagain);
	NUMBER(GNTST_no_space);
	NUMBER(GTF_invalid);
	NUMBER(GTF_permit_access);
	NUMBER(GTF_accept_transfer);
	NUMBER(GTF_transitive);
	NUMBER(GTF_readonly);
	NUMBER(GTF_reading);
	NUMBER(GTF_writing);
	NUMBER(GNTTAB_RESERVED_CONSOLE);
	NUMBER(GNTTAB_RESERVED_XENSTORE);
	NUMBER(EVTCHNSTAT_closed);
	NUMBER(EVTCHNSTAT_unbound);
	NUMBER(EVTCHNSTAT_interdomain);
	NUMBER(EVTCHNSTAT_pirq);
	NUMBER(EVTCHNSTAT_virq);
	NUMBER(EVTCHNSTAT_ipi);
	NUMBER(EVTCHN_2L_NR_CHANNELS);
	NUMBER(DOMID_SELF);
	NUMBER(DOMID_FIRST_RESERVED);
	return 0;
}

static union {
	uint8_t bytes[4096];
	uint32_t words[1024];
	blkif_sring_t shared;
} page __attribute__((aligned(4096)));

static blkif_front_ring_t front;
static blkif_back_ring_t back;

/* The next number of the script. */
static long long number(void)
{
	long long value;
	if (scanf("%lld", &value) != 1) {
		fprintf(stderr, "ring-player: the script ends inside an operation\n");
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	char name[32];

	if (argc > 1 && strcmp(argv[1], "layout") == 0)
		return layout();

	front.sring = back.sring = &page.shared;
	front.nr_ents = back.nr_ents = __RING_SIZE(&page.shared, 4096);

	while (scanf("%31s", name) == 1) {
		int32_t result = 0;
		uint8_t copy[112] = {0};

		if (strcmp(name, "initialise") == 0) {
			SHARED_RING_INIT(&page.shared);
			FRONT_RING_INIT(&front, &page.shared, 4096);
		} else if (strcmp(name, "poke") == 0) { /* the other side, or anyone, stores a word of the page */
			uint32_t word = number();
			page.words[word] = number();
		} else if (strcmp(name, "page") == 0) { /* the page as the other player left it: word value ... -1 */
			for (;;) {
				long long word = number();
				if (word < 0)
					break;
				page.words[word] = number();
			}
		} else if (strcmp(name, "attach-front") == 0) {
			uint32_t index = number(); /* the macro evaluates its argument twice */
			FRONT_RING_ATTACH(&front, &page.shared, index, 4096);
		} else if (strcmp(name, "attach-back") == 0) {
			uint32_t index = number();
			BACK_RING_ATTACH(&back, &page.shared, index, 4096);
		} else if (strcmp(name, "request") == 0) {
			blkif_request_t *request = RING_GET_REQUEST(&front, front.req_prod_pvt);
			front.req_prod_pvt++;
			request->operation = number();
			request->nr_segments = number();
			request->handle = number();
			request->id = number();
			request->sector_number = number();
			for (int i = 0; i < request->nr_segments; i++) {
				request->seg[i].gref = number();
				request->seg[i].first_sect = number();
				request->seg[i].last_sect = number();
			}
		} else if (strcmp(name, "push-requests") == 0) {
			int notify;
			RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
			result = notify;
		} else if (strcmp(name, "free") == 0) {
			result = RING_FREE_REQUESTS(&front);
			result = result * 2 + (RING_FULL(&front) ? 1 : 0);
		} else if (strcmp(name, "unconsumed-responses") == 0) {
			result = RING_HAS_UNCONSUMED_RESPONSES(&front);
		} else if (strcmp(name, "responses-overflow") == 0) {
			result = RING_RESPONSE_PROD_OVERFLOW(&front, page.shared.rsp_prod) ? 1 : 0;
		} else if (strcmp(name, "take-response") == 0) {
			blkif_response_t response;
			RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
			front.rsp_cons++;
			memcpy(copy, &response.id, 8);
			copy[8] = response.operation;
			memcpy(copy + 10, &response.status, 2);
		} else if (strcmp(name, "arm-response-event") == 0) {
			page.shared.rsp_event = front.rsp_cons + number();
		} else if (strcmp(name, "final-check-responses") == 0) {
			int work;
			RING_FINAL_CHECK_FOR_RESPONSES(&front, work);
			result = work != 0;
		} else if (strcmp(name, "unconsumed-requests") == 0) {
			result = RING_HAS_UNCONSUMED_REQUESTS(&back);
		} else if (strcmp(name, "requests-overflow") == 0) {
			result = RING_REQUEST_PROD_OVERFLOW(&back, page.shared.req_prod) ? 1 : 0;
		} else if (strcmp(name, "consumer-overflow") == 0) {
			result = RING_REQUEST_CONS_OVERFLOW(&back, back.req_cons) ? 1 : 0;
		} else if (strcmp(name, "take-request") == 0) {
			blkif_request_t request;
			RING_COPY_REQUEST(&back, back.req_cons, &request);
			back.req_cons++;
			memcpy(copy, &request, sizeof(request));
		} else if (strcmp(name, "arm-request-event") == 0) {
			page.shared.req_event = back.req_cons + number();
		} else if (strcmp(name, "final-check-requests") == 0) {
			int work;
			RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
			result = work != 0;
		} else if (strcmp(name, "response") == 0) {
			blkif_response_t *response = RING_GET_RESPONSE(&back, back.rsp_prod_pvt);
			back.rsp_prod_pvt++;
			response->id = number();
			response->operation = number();
			response->status = number();
		} else if (strcmp(name, "push-responses") == 0) {
			int notify;
			RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
			result = notify;
		} else {
			fprintf(stderr, "ring-player: no operation '%s'\n", name);
			return 2;
		}
		fwrite(&result, sizeof(result), 1, stdout);
		fwrite(copy, sizeof(copy), 1, stdout);
		fwrite(page.bytes, sizeof(page.bytes), 1, stdout);
	}
	return 0;
}
