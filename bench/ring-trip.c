/*
 * The ring round trip with the real macros of <xen/io/ring.h> and <xen/io/blkif.h>: the frontend fills requests and pushes;
 * the backend copies each (RING_COPY_REQUEST), reads every field of its copy, answers and pushes; the frontend takes the
 * answers. Both sides check for notification and make their final check. The barriers are the compiler's only: one thread
 * plays both sides, as ringtop's does, so this is the fastest C there is.
 * Arguments: requests a batch, segments a request, round trips.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define xen_mb() __asm__ volatile("" ::: "memory")
#define xen_rmb() xen_mb()
#define xen_wmb() xen_mb()

#include <xen/xen.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

static union {
	uint32_t words[1024];
	blkif_sring_t shared;
} page __attribute__((aligned(4096)));

static blkif_front_ring_t front;
static blkif_back_ring_t back;
static uint32_t id, sum, notified;

static void mix(uint32_t value)
{
	sum = sum * 31 + value;
}

static void put_requests(uint32_t batch, uint32_t segments)
{
	int notify;
	for (uint32_t n = 0; n < batch; n++) {
		blkif_request_t *request = RING_GET_REQUEST(&front, front.req_prod_pvt);
		front.req_prod_pvt++;
		request->operation = id & 1;
		request->nr_segments = segments;
		request->handle = 51712;
		request->id = id;
		request->sector_number = (uint64_t)(id & 0xfffff) * 8;
		for (uint32_t i = 0; i < segments; i++) {
			request->seg[i].gref = id + i;
			request->seg[i].first_sect = 0;
			request->seg[i].last_sect = 7;
		}
		id++;
	}
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	notified += notify;
}

static void answer_requests(void)
{
	int work, notify;
	do {
		while (RING_HAS_UNCONSUMED_REQUESTS(&back)) {
			blkif_request_t request;
			blkif_response_t *response;
			RING_COPY_REQUEST(&back, back.req_cons, &request);
			back.req_cons++;
			mix(request.operation);
			mix(request.handle);
			mix(request.id);
			mix(request.sector_number);
			for (uint32_t i = 0; i < request.nr_segments; i++)
				mix(request.seg[i].gref + request.seg[i].first_sect + request.seg[i].last_sect);
			response = RING_GET_RESPONSE(&back, back.rsp_prod_pvt);
			back.rsp_prod_pvt++;
			response->id = request.id;
			response->operation = request.operation;
			response->status = BLKIF_RSP_OKAY;
		}
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
		notified += notify;
		RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
	} while (work);
}

static void take_responses(void)
{
	int work;
	do {
		while (RING_HAS_UNCONSUMED_RESPONSES(&front)) {
			blkif_response_t response;
			RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
			front.rsp_cons++;
			mix(response.id);
			mix(response.status);
		}
		RING_FINAL_CHECK_FOR_RESPONSES(&front, work);
	} while (work);
}

static void trips(long count, uint32_t batch, uint32_t segments)
{
	for (long n = 0; n < count; n += batch) {
		put_requests(batch, segments);
		answer_requests();
		take_responses();
	}
}

static double cpu_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint32_t batch, segments;
	long count;
	double before, nanoseconds;

	if (argc < 4)
		return 2;
	batch = atol(argv[1]);
	segments = atol(argv[2]);
	count = atol(argv[3]);
	SHARED_RING_INIT(&page.shared);
	FRONT_RING_INIT(&front, &page.shared, 4096);
	BACK_RING_INIT(&back, &page.shared, 4096);
	trips(960000, batch, segments);
	before = cpu_time();
	trips(count, batch, segments);
	nanoseconds = cpu_time() - before;
	for (int i = 0; i < 1024; i++)
		mix(page.words[i]);
	printf("{\"rate\": %.0f, \"sum\": %u, \"notified\": %u}\n", count * 1e9 / nanoseconds, sum, notified);
	return 0;
}
