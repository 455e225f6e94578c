/**
 * The ring round trip on ringtop's own ring and blkif: the same requests in the same order as ring-trip.c, and the same
 * sums over every field read and over the page that is left.
 * Arguments: requests a batch, segments a request, round trips, `hash` to have index stores enter a state hash.
 */
import {StateHash} from '../dist/engine/state-hash.js';
import * as blkif from '../dist/sim/channel/blkif.js';
import {BackRing, FrontRing} from '../dist/sim/channel/ring.js';
import {mainThreadTime} from './support.mjs';

const batch = Number(process.argv[2]);
const segments = Number(process.argv[3]);
const count = Number(process.argv[4]);
const options = process.argv[5] === 'hash' ? {hash: new StateHash()} : {};
const page = new Int32Array(1024);
const front = new FrontRing(page, blkif.entryBytes, options);
const back = new BackRing(page, blkif.entryBytes, options);
const request = new Int32Array(blkif.requestWords);
const response = new Int32Array(4);
let id = 0;
let sum = 0;
let notified = 0;

/** C's sum is a uint32_t; callers say `| 0` where V8 would otherwise carry ours through floating point: it is no part of the ring. */
function mix(sum, value) {
	return ((sum << 5) - sum + value) | 0;
}

function putRequests() {
	for (let n = 0; n < batch; n++) {
		const entry = front.nextRequest();
		blkif.writeRequest(page, entry, id & 1, segments, 51_712, id, (id & 0xfffff) * 8);
		for (let i = 0; i < segments; i++) {
			blkif.writeSegment(page, entry, i, id + i, 0, 7);
		}

		id = (id + 1) | 0;
	}

	if (front.pushRequests()) {
		notified++;
	}
}

/** One request: its private copy, every field of the copy, its answer. */
function serve(before) {
	blkif.copyRequest(page, back.nextRequest(), request);
	const operation = blkif.requestOperation(request);
	let s = mix(before | 0, operation);
	s = mix(s, blkif.requestHandle(request));
	s = mix(s, request[2]);
	s = mix(s, blkif.requestSector(request) | 0);
	const count = blkif.requestSegmentCount(request);
	for (let i = 0; i < count; i++) {
		s = mix(s, blkif.segmentReference(request, i) + blkif.segmentFirst(request, i) + blkif.segmentLast(request, i));
	}

	blkif.writeResponse(page, back.nextResponse(), request[2], request[3], operation, blkif.responseOkay);
	return s;
}

function answerRequests() {
	do {
		while (back.unconsumedRequests > 0) {
			sum = serve(sum);
		}

		if (back.pushResponses()) {
			notified++;
		}
	} while (back.finalCheckForRequests());
}

function takeResponses() {
	let s = sum | 0;
	do {
		while (front.unconsumedResponses > 0) {
			blkif.copyResponse(page, front.nextResponse(), response);
			s = mix(s, response[0]);
			s = mix(s, blkif.responseStatusOf(response));
		}
	} while (front.finalCheckForResponses());
	sum = s;
}

function trips(trips) {
	for (let n = 0; n < trips; n += batch) {
		putRequests();
		answerRequests();
		takeResponses();
	}
}

/** As a host is advanced: slice by slice, so that what runs is compiled as it is there. */
function inSlices(trip) {
	for (let n = 0; n < trip; n += 9600) {
		trips(9600);
	}
}

front.initialise();
back.attach(0);
inSlices(960_000);
const before = mainThreadTime();
inSlices(count);
const nanoseconds = mainThreadTime() - before;
for (const word of page) {
	sum = mix(sum, word);
}

console.log(JSON.stringify({rate: (count * 1e9) / nanoseconds, sum: sum >>> 0, notified}));
