/**
 * The hold model on ringtop's own event queue: take the earliest event, run its step, which schedules its successor; every
 * tenth time another pending event is cancelled and scheduled anew, as a timeout is when its request is answered.
 * Arguments: pending events, operations. Prints the operations per second of CPU time and a checksum of what was taken when.
 */
import {EventQueue} from '../dist/engine/event-queue.js';
import {Step} from '../dist/engine/step.js';
import {mixDelays, mixSize, Xorshift} from './mix.mjs';
import {mainThreadTime} from './support.mjs';

const pending = Number(process.argv[2]);
const operations = Number(process.argv[3]);
const random = new Xorshift(1);
const delays = mixDelays(random);
const queue = new EventQueue();
const handles = new Float64Array(pending);
const owner = {name: 'bench', alive: true};
let now = 0;
let sequence = 0;
let drawn = 0;
let sum = 0;

/** Four kinds of event, so that the call is as varied as the simulation's. */
const steps = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f].map(
	(factor, kind) =>
		new Step(`kind ${kind}`, owner, 0, false, (id) => {
			sum = Math.imul(sum ^ id ^ (now & 0x7fffffff), factor);
			schedule(id);
		}),
);

function schedule(id) {
	handles[id] = queue.push(now + delays[drawn++ & (mixSize - 1)], sequence++, steps[id & 3], id);
}

function hold(count) {
	for (let i = 0; i < count; ) {
		const time = queue.headTime;
		if (queue.pop()) {
			now = time;
			queue.step.run(queue.argument);
			i++;
			if (i % 10 === 0) {
				const other = random.next() % pending;
				queue.cancel(handles[other]);
				schedule(other);
			}
		}
	}
}

for (let id = 0; id < pending; id++) {
	schedule(id);
}

hold(1_000_000);
const before = mainThreadTime();
hold(operations);
const nanoseconds = mainThreadTime() - before;
console.log(JSON.stringify({rate: (operations * 1e9) / nanoseconds, sum: sum >>> 0}));
