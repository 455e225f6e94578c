/**
 * The yardstick: an I/O path as lean as one can write it in one loop, about 12 events per I/O. Guests fill byte-exact blkif
 * slots; a backend turns each into a queue entry of an NVMe shape; a disk of eight channels moves 4 KiB of real bytes and
 * completes; the answer goes back. Every event is traced and hashed, every completion draws for a fault. No scheduler, no
 * kernels, no checks, no register but by name: it is what the machine can do, not a model of style or of a host. The
 * simulation is quoted as a fraction of it, both measured in turns.
 * Arguments: guests, depth, seconds of wall time. Prints I/Os per second of CPU time and events per I/O.
 */
import {mainThreadTime} from './support.mjs';

const guests = Number(process.argv[2] ?? 4);
const depth = Number(process.argv[3] ?? 32);
const seconds = Number(process.argv[4] ?? 3);

/** A binary heap of (time, sequence) in typed arrays, beside it a table of slots: kind of event and two integers. */
class Events {
	constructor(capacity) {
		this.now = 0;
		this.sequence = 0;
		this.length = 0;
		this.times = new Float64Array(capacity);
		this.sequences = new Float64Array(capacity);
		this.slots = new Int32Array(capacity);
		this.kinds = new Uint8Array(capacity);
		this.first = new Int32Array(capacity);
		this.second = new Int32Array(capacity);
		this.free = Int32Array.from({length: capacity}, (_, i) => capacity - 1 - i);
		this.freeLength = capacity;
	}

	push(time, kind, first, second) {
		const slot = this.free[--this.freeLength];
		this.kinds[slot] = kind;
		this.first[slot] = first;
		this.second[slot] = second;
		const {times, sequences, slots} = this;
		let at = this.length++;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (times[parent] <= time) {
				break;
			}

			times[at] = times[parent];
			sequences[at] = sequences[parent];
			slots[at] = slots[parent];
			at = parent;
		}

		times[at] = time;
		sequences[at] = this.sequence++;
		slots[at] = slot;
	}

	/** The slot of the earliest event; its fields stay readable until the next push. */
	pop() {
		const {times, sequences, slots} = this;
		const slot = slots[0];
		this.now = times[0];
		const length = --this.length;
		if (length > 0) {
			const time = times[length];
			const sequence = sequences[length];
			const half = length >> 1;
			let at = 0;
			while (at < half) {
				let child = 2 * at + 1;
				const right = child + 1;
				if (
					right < length &&
					(times[right] < times[child] || (times[right] === times[child] && sequences[right] < sequences[child]))
				) {
					child = right;
				}

				const childTime = times[child];
				if (time < childTime || (time === childTime && sequence < sequences[child])) {
					break;
				}

				times[at] = childTime;
				sequences[at] = sequences[child];
				slots[at] = slots[child];
				at = child;
			}

			times[at] = time;
			sequences[at] = sequence;
			slots[at] = slots[length];
		}

		this.free[this.freeLength++] = slot;
		return slot;
	}
}

const events = new Events(65_536);
let randomState = 0x12345678;
const random = () => {
	randomState ^= randomState << 13;
	randomState ^= randomState >>> 17;
	randomState ^= randomState << 5;
	return randomState >>> 0;
};

// Machine memory: 4096 frames. Each guest has its ring's page and 32 pages of data; the queues lie in words.
const memory = new ArrayBuffer(4096 * 4096);
const bytes = new Uint8Array(memory);
const words = new Int32Array(memory);
const disk = new Uint8Array(1024 * 4096);
const channelFree = new Float64Array(8);
const queueEntries = 1024;
const submissionQueue = 3000 * 1024;
const completionQueue = 3100 * 1024;
let submissionTail = 0;
let submissionHead = 0;
let completionHead = 0;
let completionTail = 0;
let devicePhase = 1;
let driverPhase = 1;

/** A command under way, four words: guest, request's id (bit 30: failed), first sector, operation and grant. */
const commands = new Int32Array(queueEntries * 4);
const freeCommands = Array.from({length: queueEntries}, (_, i) => i);

const rings = Array.from({length: guests}, (_, guest) => {
	const base = guest * 1024;
	words[base + 1] = 1;
	words[base + 3] = 1;
	return {
		base,
		requestProducer: 0,
		requestConsumer: 0,
		responseProducer: 0,
		responseConsumer: 0,
		outstanding: 0,
		freeIds: Array.from({length: 32}, (_, i) => i),
		frames: Int32Array.from({length: 512}, (_, i) => 64 + guest * 64 + (i & 31)),
		mapped: new Uint8Array(512),
	};
});
const submitted = new Float64Array(guests * 32);
let completed = 0;
let latency = 0;
let errors = 0;

const traced = new Float64Array(4 * 65_536);
let traceLength = 0;
let hash = 0;

const handlers = [guestSubmits, eventIsSent, backendTakes, grantIsMapped, entryIsQueued, doorbellRings];
handlers.push(deviceFetches, dataMoves, deviceCompletes, driverReaps, backendAnswers, guestReaps);
const [submit, send, take, map, queue, ring, fetch, move, complete, reap, answer, finish] = handlers.keys();

function guestSubmits(guest) {
	const front = rings[guest];
	let filled = 0;
	while (front.outstanding < depth && front.freeIds.length > 0) {
		const id = front.freeIds.pop();
		const at = front.base + 16 + 28 * (front.requestProducer & 31);
		front.requestProducer = (front.requestProducer + 1) | 0;
		words[at] = (1 << 8) | (51_712 << 16) | (random() & 1);
		words[at + 2] = id;
		words[at + 3] = 0;
		words[at + 4] = (random() & 1023) * 8;
		words[at + 5] = 0;
		words[at + 6] = id;
		words[at + 7] = 7 << 8;
		front.outstanding++;
		submitted[guest * 32 + id] = events.now;
		filled++;
	}

	if (filled > 0) {
		const before = words[front.base];
		words[front.base] = front.requestProducer;
		const wanted = (front.requestProducer - words[front.base + 1]) >>> 0;
		if (wanted < (front.requestProducer - before) >>> 0) {
			events.push(events.now + 600, send, guest, 0);
		}
	}
}

function eventIsSent(guest) {
	events.push(events.now + 1500, take, guest, 0);
}

function backendTakes(guest) {
	const back = rings[guest];
	do {
		while (back.requestConsumer !== words[back.base]) {
			const at = back.base + 16 + 28 * (back.requestConsumer & 31);
			back.requestConsumer = (back.requestConsumer + 1) | 0;
			const command = freeCommands.pop();
			commands[command * 4] = guest;
			commands[command * 4 + 1] = words[at + 2];
			commands[command * 4 + 2] = words[at + 4];
			commands[command * 4 + 3] = (words[at] & 255) | (words[at + 6] << 8);
			events.push(events.now + 300, map, command, 0);
		}

		words[back.base + 1] = (back.requestConsumer + 1) | 0;
	} while (words[back.base] !== back.requestConsumer);
}

function grantIsMapped(command) {
	rings[commands[command * 4]].mapped[commands[command * 4 + 3] >>> 8] = 1;
	events.push(events.now + 400, queue, command, 0);
}

function entryIsQueued(command) {
	const at = submissionQueue + 16 * (submissionTail & (queueEntries - 1));
	const head = commands[command * 4 + 3];
	words[at] = (head & 1 ? 1 : 2) | (command << 16);
	words[at + 1] = 1;
	words[at + 6] = rings[commands[command * 4]].frames[head >>> 8] * 4096;
	words[at + 7] = 0;
	words[at + 10] = commands[command * 4 + 2] >> 3;
	words[at + 11] = 0;
	words[at + 12] = 0;
	submissionTail = (submissionTail + 1) & 65_535;
	events.push(events.now + 100, ring, command, 0);
}

function doorbellRings(command) {
	events.push(events.now + 250, fetch, command, 0);
}

function deviceFetches() {
	const at = submissionQueue + 16 * (submissionHead & (queueEntries - 1));
	submissionHead = (submissionHead + 1) & 65_535;
	const block = words[at + 10];
	const channel = block & 7;
	const done = Math.max(events.now, channelFree[channel]) + 75_000 + (random() & 4095);
	channelFree[channel] = done;
	const failed = random() < 429_496 ? 1 : 0;
	events.push(done, move, words[at] >>> 16, (block << 1) | failed);
}

function dataMoves(command, blockAndFailed) {
	const head = commands[command * 4 + 3];
	const frame = rings[commands[command * 4]].frames[head >>> 8] * 4096;
	const block = ((blockAndFailed >>> 1) & 1023) * 4096;
	if (head & 1) {
		disk.set(bytes.subarray(frame, frame + 4096), block);
	} else {
		bytes.set(disk.subarray(block, block + 4096), frame);
	}

	events.push(events.now + 8000, complete, command, blockAndFailed & 1);
}

function deviceCompletes(command, failed) {
	const at = completionQueue + 4 * (completionTail & (queueEntries - 1));
	words[at] = 0;
	words[at + 1] = 0;
	words[at + 2] = submissionHead & 65_535;
	words[at + 3] = command | (devicePhase << 16) | (failed ? 0x281 << 17 : 0);
	completionTail++;
	if ((completionTail & (queueEntries - 1)) === 0) {
		devicePhase ^= 1;
	}

	events.push(events.now + 700, reap, command, 0);
}

function driverReaps() {
	for (;;) {
		const entry = words[completionQueue + 4 * (completionHead & (queueEntries - 1)) + 3];
		if (((entry >>> 16) & 1) !== driverPhase) {
			return;
		}

		completionHead++;
		if ((completionHead & (queueEntries - 1)) === 0) {
			driverPhase ^= 1;
		}

		const command = entry & 65_535;
		if (entry >>> 17 !== 0) {
			errors++;
			commands[command * 4 + 1] |= 1 << 30;
		}

		events.push(events.now + 300, answer, command, 0);
	}
}

function backendAnswers(command) {
	const guest = commands[command * 4];
	const back = rings[guest];
	const id = commands[command * 4 + 1];
	const head = commands[command * 4 + 3];
	back.mapped[head >>> 8] = 0;
	const at = back.base + 16 + 28 * (back.responseProducer & 31);
	words[at] = id & 65_535;
	words[at + 1] = 0;
	words[at + 2] = (head & 1) | (id >>> 30 ? 0xffff0000 : 0);
	back.responseProducer = (back.responseProducer + 1) | 0;
	const before = words[back.base + 2];
	words[back.base + 2] = back.responseProducer;
	freeCommands.push(command);
	const wanted = (back.responseProducer - words[back.base + 3]) >>> 0;
	if (wanted < (back.responseProducer - before) >>> 0) {
		events.push(events.now + 2100, finish, guest, 0);
	}
}

function guestReaps(guest) {
	const front = rings[guest];
	do {
		while (front.responseConsumer !== words[front.base + 2]) {
			const id = words[front.base + 16 + 28 * (front.responseConsumer & 31)];
			front.responseConsumer = (front.responseConsumer + 1) | 0;
			front.freeIds.push(id);
			front.outstanding--;
			completed++;
			latency += events.now - submitted[guest * 32 + id];
		}

		words[front.base + 3] = (front.responseConsumer + 1) | 0;
	} while (words[front.base + 2] !== front.responseConsumer);
	events.push(events.now + 900, submit, guest, 0);
}

function trace(kind, first, second) {
	traced[traceLength] = events.now;
	traced[traceLength + 1] = kind;
	traced[traceLength + 2] = first;
	traced[traceLength + 3] = second;
	traceLength = (traceLength + 4) & (traced.length - 1);
}

/** Runs for some wall time; returns the events executed. */
function run(milliseconds) {
	const end = performance.now() + milliseconds;
	let executed = 0;
	while (performance.now() < end) {
		for (let i = 0; i < 4096; i++) {
			const slot = events.pop();
			const kind = events.kinds[slot];
			const first = events.first[slot];
			const second = events.second[slot];
			trace(kind, first, second);
			hash = Math.imul(hash ^ (events.now & 0x7fffffff) ^ (kind << 24) ^ first, 0x9e3779b1);
			handlers[kind](first, second);
		}

		executed += 4096;
	}

	return executed;
}

for (let guest = 0; guest < guests; guest++) {
	events.push(guest * 100, submit, guest, 0);
}

run(700);
const completedBefore = completed;
const timeBefore = events.now;
const cpuBefore = mainThreadTime();
const executed = run(seconds * 1000);
const cpu = (mainThreadTime() - cpuBefore) / 1e9;
const ios = completed - completedBefore;
console.log(
	JSON.stringify({
		rate: ios / cpu,
		eventsPerIo: executed / ios,
		simulatedIops: (ios * 1e9) / (events.now - timeBefore),
		meanLatencyMicroseconds: latency / completed / 1000,
		errors,
		hash: hash >>> 0,
	}),
);
