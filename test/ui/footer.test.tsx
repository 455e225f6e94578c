/** The first and the last line: what works here and now, and the words that stay whole. */
import {afterEach, describe, expect, test} from 'vitest';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {type AppOptions, renderApp} from './render-app.js';

let app: ReturnType<typeof renderApp> | undefined;
afterEach(() => {
	app?.close();
	app = undefined;
});

function show(options: FakeOptions = {}, terminal: AppOptions = {}, clock = fakeClock()) {
	app?.close();
	app = renderApp({columns: 120, rows: 36, ...terminal});
	app.message({type: 'snapshot', snapshot: fakeSnapshot(12_345_000_000, options), clock});
	return app;
}

const text = () => app?.lines().join('\n') ?? '';
const footer = () => app?.lines().at(-1) ?? '';
const header = () => app?.lines()[0] ?? '';

describe.each([80, 120, 200])('once the run is over, at %i columns', (columns) => {
	test.each(['1', '2', '3'])('view %s says so and offers what still does something', (view) => {
		const {type, sent} = show({ring: 'web.xvda'}, {columns}, fakeClock({finished: true}));
		type(view);
		expect(text()).toMatch(/run (is )?over: 2 of 3 expectations met/);
		expect(footer()).toMatch(/0 restart +q quit +\? help *$/);
		expect(footer()).not.toMatch(/freeze|step|fault|kick|speed/);
		const before = sent.length;
		for (const key of [' ', '.', '!', 'f']) {
			type(key);
			expect(footer()).toContain('The run is over. 0 restarts it.');
		}
		expect(sent).toHaveLength(before);
	});
});

describe('the footer', () => {
	test('has room for stepping at 80 columns', () => {
		show({}, {columns: 80});
		for (const words of ['f fault', 'space freeze', '. step', '-+ speed', '? help']) expect(footer()).toContain(words);
	});

	test('says what Space does while the host is frozen', () => {
		show({}, {columns: 80}, fakeClock({frozen: true}));
		expect(footer()).toContain('space go on');
	});

	test.each([80, 120, 200])('says in Domains that Enter looks, at %i columns', (columns) => {
		const {type} = show({}, {columns});
		type('2');
		expect(footer()).toContain('enter look');
	});

	test('offers recording where there is room', () => {
		show({}, {columns: 200});
		expect(footer()).toContain('w record');
	});

	test('says of a parameter of a fault how to change it', () => {
		const {type} = show();
		type('f');
		expect(footer()).toMatch(/enter inject +tab parameters/);
		expect(text().match(/► event channel/g)).toHaveLength(1);
		type('\t');
		expect(footer()).toMatch(/←→ change .*enter inject +tab next/);
		expect(text()).not.toContain('► event channel');
		expect(text()).toMatch(/► direction/);
	});
});

test('the rule before faults elsewhere is as long as the palette', () => {
	const {type} = show();
	type('f');
	expect(text()).toMatch(/─ elsewhere ─+ │/);
	expect(text()).not.toMatch(/elsewhere.*…/);
});

describe('the header', () => {
	test.each([80, 100, 120])('shows the architecture whole, short, or not at %i columns', (columns) => {
		for (const clock of [fakeClock(), fakeClock({recording: true, reached: 0.5}), fakeClock({frozen: true})]) {
			show({}, {columns}, clock);
			expect(header()).toMatch(/web-and-db( {3}Xen 2\.0(: drivers in domain zero)?)? {2}/);
		}
	});
});

test.each([
	[{compared: 0, of: 12, differsAt: undefined}, 'REPLAY 0/12'],
	[{compared: 7, of: 12, differsAt: undefined}, 'REPLAY 7/12 ✓'],
	[{compared: 7, of: 12, differsAt: 10_000_000_000}, 'REPLAY ✗ differs at 0:10.000'],
])('a replay says how its state hashes compare: %j', (hashes, words) => {
	show({}, {}, fakeClock({replaying: true, hashes}));
	expect(header()).toContain(words);
});

test('the name of a domain stays while figures are over less than a second', () => {
	show({window: 400_000_000}, {columns: 80, rows: 24});
	expect(text()).toContain('0 Domain-0');
	expect(text()).toMatch(/run ~40\.8/);
});
