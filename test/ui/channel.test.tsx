/** One ring under glass: what is beside its map, requests whose slot another's answer took, and what each waits for. */
import {afterEach, describe, expect, test} from 'vitest';
import type {BlockSlotView, RingView} from '../../source/observe/snapshot.js';
import {requestWords} from '../../source/ui/views/ring.js';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {type AppOptions, renderApp} from './render-app.js';

let app: ReturnType<typeof renderApp> | undefined;
afterEach(() => {
	app?.close();
	app = undefined;
});

function show(change: (ring: RingView) => RingView, terminal: AppOptions = {}, options: FakeOptions = {full: true}) {
	app?.close();
	app = renderApp({columns: 120, rows: 36, ...terminal});
	const snapshot = fakeSnapshot(12_345_000_000, {ring: 'db.xvda', ...options});
	const ring = snapshot.ring === undefined ? undefined : change(snapshot.ring);
	app.message({type: 'snapshot', snapshot: {...snapshot, ring}, clock: fakeClock()});
	// A ring that sleeps is selected already.
	app.type(options.asleep === undefined ? '3\t\t\t' : '3');
	return app;
}

const same = (ring: RingView) => ring;
const text = () => app?.lines().join('\n') ?? '';
const line = (words: string | RegExp) => app?.lines().find((each) => each.match(words) !== null) ?? '';

describe('at 80x24', () => {
	test('the indices stand beside the map, and most of the screen is requests', () => {
		show(same, {columns: 80, rows: 24});
		expect(line(/ 0 {7}8 /)).toMatch(/front +req_prod 5504 rsp_cons 5480/);
		expect(text()).toContain('32 of 32 in flight, 0 unread');
		expect(line('grants')).toMatch(/event db 7 ⇄ Domain-0 12 +ring page 8/);
		expect(text().match(/ {2}WRITE /g)?.length).toBeGreaterThanOrEqual(9);
	});

	test('an index with many digits is whole', () => {
		const many = 4_294_967_295;
		show((ring) => ({...ring, requestProducer: many, responseConsumer: many - 31}), {columns: 80, rows: 24});
		expect(text()).toContain(`req_prod ${many} rsp_cons ${many - 31}`);
	});
});

test.each([80, 120, 200])('the labels of the map are whole wherever its arrows are, at %i columns', (columns) => {
	for (let next = 0; next < 32; next += 3) {
		for (let oldest = 0; oldest < 32; oldest++) {
			show(
				(ring) => ({
					...ring,
					requestProducer: 320 + next,
					requests: ring.requests.toSorted((a, b) => Number(b.slot === oldest) - Number(a.slot === oldest)),
				}),
				{columns, rows: 24},
			);
			expect(text()).not.toMatch(/▲[a-z]*…/);
			expect(text()).toMatch(/▲next|next▲|next/);
			expect(text()).toContain('oldest');
		}
	}
});

describe('a request whose slot was reused', () => {
	const reused = (ring: RingView): RingView => {
		const [oldest, ...others] = ring.requests;
		if (oldest.kind !== 'block') throw new Error('a disk has block requests');
		const slots = ring.slots.map((each) => (each.slot === 3 ? {...each, reserved: true, id: -1} : each));
		return {...ring, slots, requests: [{...oldest, slot: -1, id: 7, operation: 'FLUSH', segments: 0}, ...others]};
	};

	test('has a dash for its slot, and says so', () => {
		show(reused, {columns: 200});
		expect(line('FLUSH')).toMatch(/► +– +7 +FLUSH .*its slot was reused/);
		expect(text()).toMatch(/Request 7 waits for .*: FLUSH, on the ring for/);
		expect(text()).toContain('□');
	});

	test('can be marked and left again', () => {
		const {press} = show(reused, {columns: 200});
		press('down');
		expect(line(/► +\d+ +\d+ +WRITE/)).not.toBe('');
		press('up');
		expect(line(/► +– +7/)).not.toBe('');
	});
});

test('a request says first what it waits for, and a flush has no sector', () => {
	const request: BlockSlotView = {
		kind: 'block',
		slot: 4,
		state: 'taken',
		reserved: false,
		id: 5,
		operation: 'FLUSH',
		sector: 0,
		segments: 0,
		waitsFor: 'nvme0 queue, entry 17',
		age: 58_000_000,
	};
	expect(requestWords(request)).toMatch(/^Request 5 waits for nvme0 queue, entry 17: FLUSH, on the ring for 58 ms\./);
	expect(requestWords({...request, waitsFor: ''})).toMatch(/^Request 5: FLUSH, on/);
	expect(requestWords({...request, operation: 'READ', segments: 1, sector: 8})).toContain(
		'READ of 1 segment at sector 8',
	);
});

test('in ASCII a response is not a free slot, and directions are arrows', () => {
	show(
		(ring) => ({...ring, slots: ring.slots.map((each) => ({...each, state: each.slot < 4 ? 'response' : 'free'}))}),
		{ascii: true},
	);
	expect(text()).toMatch(/oooo\.{28}/);
	expect(text()).toContain('db xvda<->Domain-0');
});

test('a request on a sleeping ring says what it waits for', () => {
	const waitsFor = 'Domain-0 to look: its notification was lost';
	show(
		(ring) => ({...ring, requests: ring.requests.map((each) => ({...each, waitsFor}))}),
		{columns: 80, rows: 24},
		{asleep: 3_700_000_000},
	);
	expect(text()).toMatch(/Asleep for 3\.7 s, kick it \(!\)\. Request \d+ waits for Domain-0/);
	expect(text().replace(/\s+/g, ' ')).toContain(waitsFor);
});
