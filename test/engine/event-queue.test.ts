/**
 * The event queue: earliest first, equal times in the order they were scheduled, cancelled events never, whatever was
 * pushed, taken and cancelled in between. A list that is sorted each time says what must come.
 */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {EventQueue, type Handle, noHandle} from '../../source/engine/event-queue.js';
import {Step} from '../../source/engine/step.js';

const owner = {name: 'test', alive: true};
const step = new Step('step', owner, 0, false, () => undefined);
const other = new Step('other', owner, 0, false, () => undefined);

/** Takes the earliest living event's argument, or undefined when there is none. */
function take(queue: EventQueue): number | undefined {
	while (queue.headTime !== Number.POSITIVE_INFINITY) {
		if (queue.pop()) {
			return queue.argument;
		}
	}

	return undefined;
}

function takeAll(queue: EventQueue): number[] {
	const taken = [];
	for (let argument = take(queue); argument !== undefined; argument = take(queue)) {
		taken.push(argument);
	}

	return taken;
}

describe('order', () => {
	test('the earliest comes first, with its step and its argument', () => {
		const queue = new EventQueue();
		queue.push(20, 0, step, 2);
		queue.push(10, 1, other, 1);
		expect(queue.headTime).toBe(10);
		expect(queue.headSequence).toBe(1);
		expect(queue.pop()).toBe(true);
		expect(queue.step).toBe(other);
		expect(queue.argument).toBe(1);
		expect(queue.headTime).toBe(20);
	});

	test('equal times leave in the order they were scheduled', () => {
		const queue = new EventQueue();
		for (let i = 0; i < 1000; i++) {
			queue.push(5, i, step, i);
		}

		expect(takeAll(queue)).toEqual(Array.from({length: 1000}, (_, i) => i));
	});

	test('an empty queue has no next time', () => {
		const queue = new EventQueue();
		expect(queue.headTime).toBe(Number.POSITIVE_INFINITY);
		queue.push(1, 0, step, 0);
		queue.pop();
		expect(queue.headTime).toBe(Number.POSITIVE_INFINITY);
		expect(queue.size).toBe(0);
	});

	test('times beyond 32 bits keep their nanosecond', () => {
		const queue = new EventQueue();
		const hour = 3_600_000_000_000;
		queue.push(hour + 1, 0, step, 1);
		queue.push(hour, 1, step, 0);
		expect(takeAll(queue)).toEqual([0, 1]);
	});

	test('more events than it had room for at first keep their order and their handles', () => {
		const queue = new EventQueue();
		const handles: Handle[] = [];
		for (let i = 0; i < 5000; i++) {
			handles.push(queue.push((i * 7919) % 5003, i, step, i));
		}

		for (let i = 0; i < 5000; i += 2) {
			expect(queue.cancel(handles[i])).toBe(true);
		}

		const times = takeAll(queue).map((i) => (i * 7919) % 5003);
		expect(times).toHaveLength(2500);
		expect(times).toEqual([...times].sort((a, b) => a - b));
	});
});

describe('cancelling', () => {
	test('a cancelled event does not happen, and its neighbours do', () => {
		const queue = new EventQueue();
		queue.push(1, 0, step, 1);
		const handle = queue.push(2, 1, step, 2);
		queue.push(3, 2, step, 3);
		expect(queue.cancel(handle)).toBe(true);
		expect(queue.size).toBe(2);
		expect(takeAll(queue)).toEqual([1, 3]);
	});

	test('nothing is cancelled twice, nor after it happened, nor without a handle', () => {
		const queue = new EventQueue();
		const first = queue.push(1, 0, step, 1);
		const second = queue.push(2, 1, step, 2);
		expect(queue.cancel(second)).toBe(true);
		expect(queue.cancel(second)).toBe(false);
		expect(take(queue)).toBe(1);
		expect(queue.cancel(first)).toBe(false);
		expect(queue.cancel(noHandle)).toBe(false);
	});

	test('an old handle does not reach the event that has its place now', () => {
		const queue = new EventQueue();
		const old = queue.push(1, 0, step, 1);
		take(queue);
		queue.push(2, 1, step, 2);
		expect(queue.cancel(old)).toBe(false);
		expect(takeAll(queue)).toEqual([2]);
	});

	test('the head may be dead: its time stays until it is taken, and the taking says so', () => {
		const queue = new EventQueue();
		const handle = queue.push(1, 0, step, 1);
		queue.push(2, 1, step, 2);
		queue.cancel(handle);
		expect(queue.headTime).toBe(1);
		expect(queue.pop()).toBe(false);
		expect(queue.headTime).toBe(2);
	});

	test('the dead are swept when they outnumber the living: a timer armed and cancelled for ever takes no room', () => {
		const queue = new EventQueue();
		const far = 1_000_000;
		queue.push(far, 0, step, -1);
		for (let i = 1; i < 2_000_000; i++) {
			// Without the sweep this is more than the queue can hold, and it would say so.
			queue.cancel(queue.push(far + i, i, step, i));
		}

		expect(queue.size).toBe(1);
		expect(takeAll(queue)).toEqual([-1]);
	});

	test('a queue of which everything is cancelled and swept is empty', () => {
		const queue = new EventQueue();
		const handles = Array.from({length: 200}, (_, i) => queue.push(i, i, step, i));
		for (const handle of handles) {
			queue.cancel(handle);
		}

		expect(queue.size).toBe(0);
		expect(takeAll(queue)).toEqual([]);
		queue.push(3, 1000, step, 7);
		expect(queue.headTime).toBe(3);
		expect(takeAll(queue)).toEqual([7]);
	});
});

test('a visit sees every living event once and changes nothing', () => {
	const queue = new EventQueue();
	queue.push(3, 0, step, 30);
	queue.cancel(queue.push(1, 1, step, 10));
	queue.push(2, 2, other, 20);
	const seen: [number, string, number][] = [];
	queue.forEach((time, {name}, argument) => {
		seen.push([time, name, argument]);
	});
	seen.sort((a, b) => a[0] - b[0]);
	expect(seen).toEqual([
		[2, 'other', 20],
		[3, 'step', 30],
	]);
	expect(takeAll(queue)).toEqual([20, 30]);
});

test('it behaves as a sorted list does, under any pushes, takes and cancellations', () => {
	const action = fc.oneof(
		{weight: 5, arbitrary: fc.record({push: fc.nat(50)})},
		{weight: 3, arbitrary: fc.record({take: fc.constant(true)})},
		{weight: 3, arbitrary: fc.record({cancel: fc.nat()})},
		{weight: 1, arbitrary: fc.record({cancelAllBut: fc.nat(9)})},
	);
	fc.assert(
		fc.property(fc.array(action, {size: '+2', maxLength: 2000}), (actions) => {
			const queue = new EventQueue();
			let list: {time: number; sequence: number; handle: Handle}[] = [];
			const handles: Handle[] = [];
			let now = 0;
			let sequence = 0;
			const cancel = (handle: Handle): void => {
				const pending = list.some((event) => event.handle === handle);
				expect(queue.cancel(handle)).toBe(pending);
				list = list.filter((event) => event.handle !== handle);
			};

			for (const todo of actions) {
				if ('push' in todo) {
					const time = now + todo.push;
					const handle = queue.push(time, sequence, step, sequence);
					list.push({time, sequence, handle});
					handles.push(handle);
					sequence++;
				} else if ('take' in todo) {
					list.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
					const expected = list.shift();
					expect(take(queue)).toBe(expected?.sequence);
					now = expected?.time ?? now;
				} else if ('cancel' in todo) {
					if (handles.length > 0) {
						cancel(handles[todo.cancel % handles.length]);
					}
				} else {
					for (const [i, {handle}] of [...list].entries()) {
						if (i % 10 !== todo.cancelAllBut) {
							cancel(handle);
						}
					}
				}

				expect(queue.size).toBe(list.length);
			}

			list.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
			expect(takeAll(queue)).toEqual(list.map((event) => event.sequence));
		}),
		{numRuns: 200},
	);
});
