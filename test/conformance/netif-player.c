/*
 * Plays the macros of the real <xen/io/ring.h> on the transmit and receive rings of the real <xen/io/netif.h>, as a script on
 * stdin says, and shows after every operation what came of it. The conformance tests play the same script on ringtop's rings.
 *
 *   netif-player           script on stdin; per operation 4 bytes of result, 12 bytes of the private copy, 8192 of both pages
 *   netif-player layout    names and numbers: sizes, offsets and constants as this compiler sees the header
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
#include <xen/io/ring.h>
#include <xen/io/netif.h>

#define SIZE_OF(type) printf("sizeof " #type " %zu\n", sizeof(type))
#define OFFSET(type, field) printf("offsetof " #type " " #field " %zu %zu\n", offsetof(type, field), sizeof(((type *)0)->field))
#define NUMBER(name) printf("constant " #name " %lld\n", (long long)(name))

static int layout(void)
{
	SIZE_OF(union netif_tx_sring_entry);
	SIZE_OF(union netif_rx_sring_entry);
	SIZE_OF(netif_extra_info_t);
	OFFSET(netif_tx_request_t, gref);
	OFFSET(netif_tx_request_t, offset);
	OFFSET(netif_tx_request_t, flags);
	OFFSET(netif_tx_request_t, id);
	OFFSET(netif_tx_request_t, size);
	OFFSET(netif_tx_response_t, id);
	OFFSET(netif_tx_response_t, status);
	OFFSET(netif_rx_request_t, id);
	OFFSET(netif_rx_request_t, pad);
	OFFSET(netif_rx_request_t, gref);
	OFFSET(netif_rx_response_t, id);
	OFFSET(netif_rx_response_t, offset);
	OFFSET(netif_rx_response_t, flags);
	OFFSET(netif_rx_response_t, status);
	OFFSET(netif_extra_info_t, type);
	OFFSET(netif_extra_info_t, flags);
	OFFSET(netif_extra_info_t, u.gso.size);
	OFFSET(netif_extra_info_t, u.gso.type);
	OFFSET(netif_extra_info_t, u.gso.pad);
	OFFSET(netif_extra_info_t, u.gso.features);
	for (unsigned pages = 1; pages <= 16; pages *= 2) {
		printf("ring tx %u %u\n", pages, (unsigned)__RING_SIZE((netif_tx_sring_t *)0, 4096 * pages));
		printf("ring rx %u %u\n", pages, (unsigned)__RING_SIZE((netif_rx_sring_t *)0, 4096 * pages));
	}
	NUMBER(NETTXF_csum_blank);
	NUMBER(NETTXF_data_validated);
	NUMBER(NETTXF_more_data);
	NUMBER(NETTXF_extra_info);
	NUMBER(NETRXF_data_validated);
	NUMBER(NETRXF_csum_blank);
	NUMBER(NETRXF_more_data);
	NUMBER(NETRXF_extra_info);
	NUMBER(NETRXF_gso_prefix);
	NUMBER(NETIF_RSP_DROPPED);
	NUMBER(NETIF_RSP_ERROR);
	NUMBER(NETIF_RSP_OKAY);
	NUMBER(NETIF_RSP_NULL);
	NUMBER(XEN_NETIF_EXTRA_TYPE_GSO);
	NUMBER(XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	NUMBER(XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	NUMBER(XEN_NETIF_EXTRA_TYPE_HASH);
	NUMBER(XEN_NETIF_EXTRA_TYPE_MAX);
	NUMBER(XEN_NETIF_EXTRA_FLAG_MORE);
	NUMBER(XEN_NETIF_GSO_TYPE_TCPV4);
	NUMBER(XEN_NETIF_GSO_TYPE_TCPV6);
	NUMBER(XEN_NETIF_NR_SLOTS_MIN);
	NUMBER(XEN_NETIF_MAX_TX_SIZE);
	return 0;
}

union page {
	uint8_t bytes[4096];
	uint32_t words[1024];
	netif_tx_sring_t tx;
	netif_rx_sring_t rx;
};

static union page pages[2] __attribute__((aligned(4096)));
static netif_tx_front_ring_t tx_front;
static netif_tx_back_ring_t tx_back;
static netif_rx_front_ring_t rx_front;
static netif_rx_back_ring_t rx_back;

/* The next number of the script. */
static long long number(void)
{
	long long value;
	if (scanf("%lld", &value) != 1) {
		fprintf(stderr, "netif-player: the script ends inside an operation\n");
		exit(2);
	}
	return value;
}

static void put_gso(void *slot)
{
	netif_extra_info_t extra;
	memset(&extra, 0, sizeof(extra));
	extra.type = XEN_NETIF_EXTRA_TYPE_GSO;
	extra.u.gso.size = number();
	extra.u.gso.type = number();
	memcpy(slot, &extra, sizeof(extra));
}

/* What both rings do alike; 1 when `name` was one of these operations. */
#define COMMON(ring)                                                                                                          \
	static int ring##_common(const char *name, union page *page, int32_t *result, uint8_t *copy)                          \
	{                                                                                                                     \
		if (strcmp(name, "initialise") == 0) {                                                                        \
			SHARED_RING_INIT(&page->ring);                                                                        \
			FRONT_RING_INIT(&ring##_front, &page->ring, 4096);                                                    \
			BACK_RING_INIT(&ring##_back, &page->ring, 4096);                                                      \
		} else if (strcmp(name, "attach") == 0) {                                                                     \
			uint32_t index = number();                                                                            \
			FRONT_RING_ATTACH(&ring##_front, &page->ring, index, 4096);                                           \
			BACK_RING_ATTACH(&ring##_back, &page->ring, index, 4096);                                             \
		} else if (strcmp(name, "push-requests") == 0) {                                                              \
			int notify;                                                                                           \
			RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring##_front, notify);                                           \
			*result = notify;                                                                                     \
		} else if (strcmp(name, "push-responses") == 0) {                                                             \
			int notify;                                                                                           \
			RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring##_back, notify);                                           \
			*result = notify;                                                                                     \
		} else if (strcmp(name, "free") == 0) {                                                                       \
			*result = RING_FREE_REQUESTS(&ring##_front);                                                          \
		} else if (strcmp(name, "unconsumed-responses") == 0) {                                                       \
			*result = RING_HAS_UNCONSUMED_RESPONSES(&ring##_front);                                               \
		} else if (strcmp(name, "unconsumed-requests") == 0) {                                                        \
			*result = RING_HAS_UNCONSUMED_REQUESTS(&ring##_back);                                                 \
		} else if (strcmp(name, "requests-overflow") == 0) {                                                          \
			*result = RING_REQUEST_PROD_OVERFLOW(&ring##_back, page->ring.req_prod) ? 1 : 0;                      \
		} else if (strcmp(name, "responses-overflow") == 0) {                                                         \
			*result = RING_RESPONSE_PROD_OVERFLOW(&ring##_front, page->ring.rsp_prod) ? 1 : 0;                    \
		} else if (strcmp(name, "final-check-requests") == 0) {                                                       \
			int work;                                                                                             \
			RING_FINAL_CHECK_FOR_REQUESTS(&ring##_back, work);                                                    \
			*result = work != 0;                                                                                  \
		} else if (strcmp(name, "final-check-responses") == 0) {                                                      \
			int work;                                                                                             \
			RING_FINAL_CHECK_FOR_RESPONSES(&ring##_front, work);                                                  \
			*result = work != 0;                                                                                  \
		} else if (strcmp(name, "arm-request-event") == 0) {                                                          \
			page->ring.req_event = ring##_back.req_cons + number();                                               \
		} else if (strcmp(name, "take-request") == 0) {                                                               \
			netif_##ring##_request_t request;                                                                     \
			RING_COPY_REQUEST(&ring##_back, ring##_back.req_cons, &request);                                      \
			ring##_back.req_cons++;                                                                               \
			memcpy(copy, &request, sizeof(request));                                                              \
		} else if (strcmp(name, "take-response") == 0) {                                                              \
			netif_##ring##_response_t response;                                                                   \
			RING_COPY_RESPONSE(&ring##_front, ring##_front.rsp_cons, &response);                                  \
			ring##_front.rsp_cons++;                                                                              \
			memcpy(copy, &response, sizeof(response));                                                            \
		} else if (strcmp(name, "gso-request") == 0) {                                                                \
			put_gso(RING_GET_REQUEST(&ring##_front, ring##_front.req_prod_pvt));                                  \
			ring##_front.req_prod_pvt++;                                                                          \
		} else if (strcmp(name, "gso-response") == 0) {                                                               \
			put_gso(RING_GET_RESPONSE(&ring##_back, ring##_back.rsp_prod_pvt));                                   \
			ring##_back.rsp_prod_pvt++;                                                                           \
		} else {                                                                                                      \
			return 0;                                                                                             \
		}                                                                                                             \
		return 1;                                                                                                     \
	}

COMMON(tx)
COMMON(rx)

static void tx_own(const char *name)
{
	if (strcmp(name, "request") == 0) {
		netif_tx_request_t *request = RING_GET_REQUEST(&tx_front, tx_front.req_prod_pvt);
		tx_front.req_prod_pvt++;
		request->gref = number();
		request->offset = number();
		request->flags = number();
		request->id = number();
		request->size = number();
	} else if (strcmp(name, "response") == 0) {
		netif_tx_response_t *response = RING_GET_RESPONSE(&tx_back, tx_back.rsp_prod_pvt);
		tx_back.rsp_prod_pvt++;
		response->id = number();
		response->status = number();
	} else if (strcmp(name, "null-response") == 0) {
		RING_GET_RESPONSE(&tx_back, tx_back.rsp_prod_pvt)->status = NETIF_RSP_NULL;
		tx_back.rsp_prod_pvt++;
	} else {
		fprintf(stderr, "netif-player: no operation '%s'\n", name);
		exit(2);
	}
}

static void rx_own(const char *name)
{
	if (strcmp(name, "request") == 0) {
		netif_rx_request_t *request = RING_GET_REQUEST(&rx_front, rx_front.req_prod_pvt);
		rx_front.req_prod_pvt++;
		request->id = number();
		request->gref = number();
	} else if (strcmp(name, "response") == 0) {
		netif_rx_response_t *response = RING_GET_RESPONSE(&rx_back, rx_back.rsp_prod_pvt);
		rx_back.rsp_prod_pvt++;
		response->id = number();
		response->offset = number();
		response->flags = number();
		response->status = number();
	} else {
		fprintf(stderr, "netif-player: no operation '%s'\n", name);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	char ring[8];
	char name[32];

	if (argc > 1 && strcmp(argv[1], "layout") == 0)
		return layout();

	while (scanf("%7s %31s", ring, name) == 2) {
		int32_t result = 0;
		uint8_t copy[12] = {0};
		int receive = strcmp(ring, "rx") == 0;
		union page *page = &pages[receive];

		if (strcmp(name, "poke") == 0) { /* the other side, or anyone, stores a word of the page */
			uint32_t word = number();
			page->words[word] = number();
		} else if (strcmp(name, "page") == 0) { /* the page as the other player left it: word value ... -1 */
			for (;;) {
				long long word = number();
				if (word < 0)
					break;
				page->words[word] = number();
			}
		} else if (receive) {
			if (!rx_common(name, page, &result, copy))
				rx_own(name);
		} else if (!tx_common(name, page, &result, copy)) {
			tx_own(name);
		}
		fwrite(&result, sizeof(result), 1, stdout);
		fwrite(copy, sizeof(copy), 1, stdout);
		fwrite(pages, sizeof(pages), 1, stdout);
	}
	return 0;
}
