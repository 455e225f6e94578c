/**
The trace: hops of requests through the host, in a bounded ring of typed arrays, and for each request still under way the
last hop it took and when. A request's identity is a number that never enters ABI bytes: the parts carry it in side
tables keyed by (ring, slot) or (queue, command). Watching it never changes the trajectory.
*/
import {assert} from './assert.js';

const recordBits = 15;
const recordCount = 1 << recordBits;
const requestBits = 14;
/** Requests that can be under way at once before an old identity is forgotten. */
export const requestLimit = 1 << requestBits;

export class Trace {
	/** Called at each hop while someone steps through the host hop by hop; null otherwise. */
	onHop: ((request: number, point: number) => void) | null = null;
	private readonly names: string[] = [];
	private readonly times = new Float64Array(recordCount);
	private readonly requests = new Int32Array(recordCount);
	private readonly points = new Int16Array(recordCount);
	private readonly details = new Int32Array(recordCount);
	private recorded = 0;
	private nextRequest = 1;
	private readonly lastPoint = new Int16Array(requestLimit);
	private readonly lastTime = new Float64Array(requestLimit);
	private readonly lastDetail = new Int32Array(requestLimit);
	private readonly identity = new Int32Array(requestLimit);

	/** Declares a trace point. The name says where a request is once it has passed, e.g. `nvme0 queue`. */
	point(name: string): number {
		assert(this.names.length < 32_767, 'at most 32767 trace points');
		return this.names.push(name) - 1;
	}

	nameOf(point: number): string {
		return this.names[point] ?? '?';
	}

	/** A new request's identity. Positive; wraps after 2^31. */
	begin(): number {
		const request = this.nextRequest;
		this.nextRequest = request === 0x7fffffff ? 1 : request + 1;
		this.identity[request & (requestLimit - 1)] = request;
		return request;
	}

	/** The request passed `point` now; `detail` is the point's own number (slot, entry, channel). Request 0 is nobody's. */
	hop(time: number, request: number, point: number, detail: number): void {
		const at = this.recorded++ & (recordCount - 1);
		this.times[at] = time;
		this.requests[at] = request;
		this.points[at] = point;
		this.details[at] = detail;
		const row = request & (requestLimit - 1);
		if (this.identity[row] === request) {
			this.lastPoint[row] = point;
			this.lastTime[row] = time;
			this.lastDetail[row] = detail;
		}

		if (this.onHop !== null) {
			this.onHop(request, point);
		}
	}

	/** Where a request is: its last hop, when, and the hop's detail; undefined when it is long gone. */
	whereIs(request: number): {point: string; since: number; detail: number} | undefined {
		const row = request & (requestLimit - 1);
		if (request === 0 || this.identity[row] !== request) {
			return undefined;
		}

		return {point: this.nameOf(this.lastPoint[row]), since: this.lastTime[row], detail: this.lastDetail[row]};
	}

	/** The newest `count` records, oldest first. */
	recent(count: number): {time: number; request: number; point: string; detail: number}[] {
		const records = [];
		for (let n = Math.max(0, this.recorded - Math.min(count, recordCount)); n < this.recorded; n++) {
			const at = n & (recordCount - 1);
			records.push({
				time: this.times[at],
				request: this.requests[at],
				point: this.nameOf(this.points[at]),
				detail: this.details[at],
			});
		}

		return records;
	}
}
