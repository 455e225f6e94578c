/** Whole frames at three sizes: every row fits, what matters is on them, and nothing that is not built appears. */
import {afterEach, describe, expect, test} from 'vitest';
import {width} from '../../source/ui/text.js';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {type AppOptions, renderApp, renderInk} from './render-app.js';

const sizes = [
	[80, 24],
	[118, 36],
	[200, 50],
] as const;

let app: ReturnType<typeof renderApp> | undefined;
afterEach(() => {
	app?.close();
	app = undefined;
});

function show(options: FakeOptions = {}, terminal: AppOptions = {}, clock = fakeClock()) {
	app?.close();
	app = renderApp({columns: 118, rows: 36, ...terminal});
	app.message({type: 'snapshot', snapshot: fakeSnapshot(12_345_000_000, options), clock});
	return app;
}

const text = () => app?.lines().join('\n') ?? '';

describe.each(sizes)('at %i×%i', (columns, rows) => {
	const situations: FakeOptions[] = [
		{},
		{full: true},
		{asleep: 1_300_000_000},
		{closed: true, died: true},
		{extraGuests: 30, cpus: 16},
		{window: 400_000_000},
		{ring: 'web.xvda'},
		{ring: 'web.vif0 TX'},
		{ring: 'web.vif0 RX', stalled: 61_000_000_000},
	];

	test.each(situations)('every frame is exactly as large as the terminal %j', (options) => {
		const {press, lines, wait} = show(options, {columns, rows});
		for (const key of [
			'',
			'2',
			'v',
			'n',
			'b',
			'r',
			'p',
			'3',
			'tab',
			'tab',
			'5',
			'/',
			'escape',
			'1',
			'?',
			'?',
			'f',
			'escape',
			'F',
		]) {
			wait(1000);
			if (key !== '') press(key);
			const frame = lines();
			expect(frame).toHaveLength(rows);
			for (const line of frame) expect(width(line), `${key}: ${line}`).toBeLessThanOrEqual(columns);
			expect(frame.join('\n')).not.toMatch(/undefined|NaN|Infinity/);
		}
	});

	test('the figure shows who runs what, the channels between and the keys', () => {
		show({}, {columns, rows});
		for (const words of [
			'0 Domain-0',
			'1 web',
			'2 db',
			'blkback',
			'netback',
			'xenbr0',
			'xenstored',
			'nvme',
			'e1000',
			'xvda',
			'eth0',
			'client 10.0.0.9',
			'Xen',
			'cpu0',
			'Hardware',
		]) {
			expect(text()).toContain(words);
		}
		expect(text()).toMatch(/│► ◄═+( vbd 51712 )?═+► │/);
		expect(text()).toContain('► web xvda');
		expect(text()).not.toContain('Request');
		expect(text()).toMatch(/1 ?Host +2 ?Domains +3 ?Channel +5 ?Log/);
	});

	test('the backend stands on the row of its frontend', () => {
		const {lines} = show({}, {columns, rows});
		for (const guest of ['web', 'db']) {
			const row = lines().find((line) => line.includes(`${guest} xvda`) && line.includes('blkback'));
			expect(row).toMatch(/blkback.*◄.*►.*xvda [■·]/);
		}
		expect(lines().find((line) => line.includes('netback'))).toMatch(/netback web vif1\.0.*◄.*►.*eth0 [■·]/);
	});
});

describe('a channel', () => {
	test('has a look for each state', () => {
		show({}, {columns: 118, rows: 24});
		expect(text()).toMatch(/◄═+ vbd 51712 ═+►/);
		show({full: true});
		expect(text()).toMatch(/◄█+ full █+►/);
		show({asleep: 1_300_000_000});
		expect(text()).toMatch(/×─+ 1.3 s ─+×/);
		expect(text()).toContain('ASLEEP');
		show({closed: true});
		expect(text()).toMatch(/┄+ (InitWait ⇄ )?Initialised ┄+/);
		show({extraGuests: 1});
		expect(text()).toMatch(/◄─+ vbd 51712 ─+►/);
		expect(text()).toMatch(/◄═+ vif0 ═+►/);
		show({stalled: 61_000_000_000});
		expect(text()).toMatch(/◄░+ Rx stalled ░+►/);
		expect(text()).toContain('STALLED');
	});
});

describe('guests that do not fit', () => {
	test('are counted, and those in trouble are shown', () => {
		const {lines} = show({extraGuests: 20}, {columns: 80, rows: 24});
		expect(lines().join('\n')).toMatch(/\+\d+ more guests/);
		const frame = fakeSnapshot(12_345_000_000, {extraGuests: 20});
		const last = frame.channels[frame.channels.length - 1];
		const troubled = {
			...frame,
			channels: frame.channels.map((channel) => (channel === last ? {...channel, look: 'asleep' as const} : channel)),
		};
		app?.wait(1000);
		app?.message({type: 'snapshot', snapshot: troubled, clock: fakeClock()});
		expect(text()).toContain('22 guest20');
		expect(text()).toContain('ASLEEP');
	});
});

test('a dead domain keeps its frame, empty, with cause and time', () => {
	show({died: true});
	expect(text()).toContain('2 db');
	expect(text()).toContain('crashed 0:11.020');
	expect(text()).toContain('zombie: 19 pages still mapped');
});

describe('the header', () => {
	test('shows what is on', () => {
		const faults = [{id: 'a', fault: 'evt.lost', target: 'db.xvda', text: '', state: 'spent' as const, fired: 2}];
		show({faults}, {}, fakeClock({recording: true, reached: 0.6}));
		const [header] = app?.lines() ?? [];
		for (const words of ['web-and-db', 'REC', '⚑ 2 fired', '► 1×', 'behind: 0.60× of 1×', '0:12.345', 'seed 42']) {
			expect(header).toContain(words);
		}
	});

	test('in slow motion shows more digits and what comes next', () => {
		show({}, {}, fakeClock({speed: 1e3}));
		expect(app?.lines()[0]).toContain('0:12.345 000 000');
		expect(app?.lines()[0]).toContain('next: nvme0 completes in 74 µs');
		show({}, {}, fakeClock({speed: 1e6}));
		expect(app?.lines()[0]).toContain('0:12.345 000');
		expect(app?.lines()[0]).not.toContain('next');
		show({}, {}, fakeClock({frozen: true}));
		expect(app?.lines()[0]).toContain('FROZEN');
	});
});

test('figures over less than a simulated second are marked', () => {
	show({window: 400_000_000});
	expect(text()).toMatch(/run ~40\.8/);
	show({window: 1_000_000_000});
	expect(text()).not.toContain('~');
});

test('at the end the last frame stays with what was expected', () => {
	show({}, {}, fakeClock({finished: true}));
	expect(text()).toContain('HALTED');
	expect(text()).toContain('2 of 3 expectations met');
	expect(text()).toMatch(/✗ web\.xvda\.read\.p99 < 1ms.*1\.2 ms/);
	expect(text()).toMatch(/✓ oracle\.violations == 0/);
});

test('a terminal that is too small is told what is needed and shows what fits', () => {
	const {lines} = show({}, {columns: 50, rows: 12});
	expect(lines()).toHaveLength(12);
	expect(lines()[0]).toContain('needs 80x24, this terminal has 50x12');
	expect(lines()[2]).toContain('blkback');
});

test('a resize lays everything out anew', () => {
	const {resize, lines} = show({}, {columns: 200, rows: 50});
	resize(80, 24);
	expect(lines()).toHaveLength(24);
	for (const line of lines()) expect(width(line)).toBeLessThanOrEqual(80);
});

test('ASCII and no colour are ASCII and no colour', () => {
	show({asleep: 2_000_000_000}, {ascii: true});
	expect(text()).toMatch(/^[ -~\n]+$/);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is a control sequence.
	expect(app?.raw()).not.toMatch(/\u001B\[3\d/);
	show({}, {colour: true});
	// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is a control sequence.
	expect(app?.raw()).toMatch(/\u001B\[36m/);
});

test('names from outside cannot break the screen', () => {
	const frame = fakeSnapshot(12_345_000_000);
	const [first] = frame.log;
	app = renderApp({columns: 118, rows: 36});
	const hostile = {...first, number: 99, text: 'evil\u001B[2J\u202E\ntwo', source: 'データベース服务器'};
	app.message({
		type: 'snapshot',
		snapshot: {...frame, log: [hostile], scenario: {...frame.scenario, name: 'a\u001B]0;x\u0007b'}},
		clock: fakeClock(),
	});
	expect(app.raw()).not.toContain('\u001B[2J');
	expect(app.raw()).not.toContain('\u0007');
	for (const line of app.lines()) expect(width(line)).toBeLessThanOrEqual(118);
});

describe('the console', () => {
	test('paints a key at once, and snapshots at most four times a second', () => {
		const {message, frames, type, wait} = show();
		wait(1000);
		const before = frames();
		const next = (time: number) => message({type: 'snapshot', snapshot: fakeSnapshot(time), clock: fakeClock()});
		next(12_400_000_000);
		expect(frames()).toBe(before + 1);
		wait(100);
		next(12_500_000_000);
		expect(frames()).toBe(before + 1);
		type('2');
		expect(frames()).toBe(before + 2);
		expect(text()).toContain('CPU(sec)');
	});

	test('asks the session for the ring it shows, and for log lines it does not have', () => {
		const {sent, type} = show();
		type('3');
		expect(sent.at(-1)).toEqual({type: 'watch', ring: 'web.xvda', logFrom: 18, delay: 1});
		type('\t');
		expect(sent.at(-1)).toMatchObject({ring: 'web.vif0 TX'});
		type('\t');
		expect(sent.at(-1)).toMatchObject({ring: 'web.vif0 RX'});
		type('\t');
		expect(sent.at(-1)).toMatchObject({ring: 'db.xvda'});
		type('1');
		expect(sent.at(-1)).toMatchObject({ring: undefined});
	});

	test('says what became of a command, of a recording, and of a failed simulation', () => {
		const {message} = show();
		message({type: 'notice', text: 'kicked db.xvda', severity: 'info'});
		expect(text()).toContain('kicked db.xvda');
		message({type: 'recording', text: 'name: x\n'});
		expect(text()).toContain('Recording written to web-and-db.recording.yaml');
		message({type: 'failed', text: 'a million events without time moving'});
		expect(text()).toContain('The simulation stopped');
		expect(text()).toContain('a million events without time moving');
	});

	test('shows one ring under glass', () => {
		const {type, message, wait} = show({ring: 'web.xvda', full: true});
		type('3');
		for (const words of ['web xvda ⇄ Domain-0', 'req_prod 5504', 'rsp_event 5481', 'held off', 'ring page grant 8']) {
			expect(text()).toContain(words);
		}
		wait(1000);
		message({
			type: 'snapshot',
			snapshot: fakeSnapshot(12_500_000_000, {ring: 'db.xvda', full: true}),
			clock: fakeClock(),
		});
		type('\t\t\t');
		expect(text()).toContain('nvme0 queue, entry');
		expect(text()).toMatch(/► +\d+ +\d+ {2}WRITE/);
	});

	test('keeps NAME, STATE and the sort column while the others scroll', () => {
		const {type} = show({}, {columns: 80, rows: 24});
		type('2sss');
		expect(text()).toMatch(/NAME {2}STATE .*CPU\(%\)/);
		type('lllllllll');
		expect(text()).toMatch(/NAME {2}STATE CPU\(%\) VBDS/);
	});
});

test.each(sizes)('Ink writes exactly what was drawn, at %i×%i and after every change', async (columns, rows) => {
	const shown = show({}, {columns, rows, colour: true});
	const ink = renderInk(shown, columns, rows);
	const trimmed = (text: string) => text.split('\n').map((line) => line.trimEnd());
	// biome-ignore lint/suspicious/noControlCharactersInRegex: styles are control sequences.
	const plain = (text: string) => trimmed(text.replace(/\u001B\[[0-9;]*m/g, ''));
	expect(plain(await ink.frame())).toEqual(plain(shown.raw()));
	shown.type('2');
	const second = await ink.frame();
	expect(plain(second)).toEqual(plain(shown.raw()));
	expect(second).toContain('\u001B[7m');
	ink.close();
});
