/** The Host figure: marks of requests in slow motion, jobs and their verdicts, scales, and what stands where. */
import {afterEach, describe, expect, test} from 'vitest';
import type {JobView, Snapshot} from '../../source/observe/snapshot.js';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {type AppOptions, renderApp} from './render-app.js';

const sizes = [
	[80, 24],
	[120, 36],
	[200, 50],
] as const;

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

describe.each(sizes)('marks of requests at %i×%i', (columns, rows) => {
	test.each<FakeOptions>([{ring: 'db.xvda', asleep: 4_200_000_000}, {ring: 'db.xvda', full: true}, {ring: 'web.xvda'}])(
		'take no word from the figure %j',
		(options) => {
			const words = () =>
				text()
					.split('\n')
					.slice(1, -1)
					.join('\n')
					.match(/[\w.%/]+/g);
			show(options, {columns, rows});
			const going = words()?.filter((word) => !['top', 'now'].includes(word));
			show(options, {columns, rows}, fakeClock({frozen: true}));
			const frozen = words()?.filter((word) => !['top', 'now'].includes(word));
			expect(frozen).toEqual(going);
		},
	);

	test('leave the duration of a sleeping ring whole', () => {
		show({ring: 'db.xvda', asleep: 4_200_000_000}, {columns, rows}, fakeClock({frozen: true}));
		expect(text()).toMatch(/×[─■]* ?4\.2 ?s ?[─■]*×/);
	});
});

/** The console showing `change` made to a snapshot. */
function showChanged(change: (snapshot: Snapshot) => Snapshot, options: FakeOptions = {}, terminal: AppOptions = {}) {
	const shown = show(options, terminal);
	shown.wait(1000);
	const snapshot = change(fakeSnapshot(12_345_000_000, options));
	shown.message({type: 'snapshot', snapshot, clock: fakeClock()});
	return shown;
}

/** The same snapshot with every job of db changed. */
const withJobs = (change: Partial<JobView>) => (snapshot: Snapshot) => ({
	...snapshot,
	domains: snapshot.domains.map((domain) =>
		domain.name === 'db' ? {...domain, jobs: domain.jobs.map((job) => ({...job, ...change}))} : domain,
	),
});

describe('a job', () => {
	test.each(sizes)('says with words that its data is right, at %i×%i', (columns, rows) => {
		show({}, {columns, rows});
		expect(text()).toMatch(columns < 100 ? /randread 4k .*data ✓/ : /randread 4k .*data verified ✓/);
	});

	test.each(sizes)('that has no answer is not said to be well, at %i×%i', (columns, rows) => {
		show({asleep: 3_500_000_000}, {columns, rows});
		const line = text()
			.split('\n')
			.find((each) => each.includes('no answer'));
		expect(line).toMatch(/no answer (for )?3\.5 s/);
		expect(line).not.toContain('✓');
	});

	test('has an oldest operation that waits, as long as others are answered', () => {
		showChanged(withJobs({oldest: 29_000_000_000, silence: 1000}));
		expect(text()).toContain('oldest waits 29 s');
		expect(text()).not.toContain('no answer');
	});

	test('that commits shows what a commit takes', () => {
		show({}, {columns: 80, rows: 24});
		expect(text()).toMatch(/write 4k +commit p99 2\.9 ms/);
		show();
		expect(text()).toMatch(/write 4k fsync=1 .*commit p99 2\.9 ms/);
	});

	test('whose data is wrong says so', () => {
		showChanged(withJobs({verified: false}));
		expect(text()).toContain('data wrong ✗');
	});
});

test('what a verdict means is in the legend, in ASCII too', () => {
	const {type} = show({}, {ascii: true, rows: 60});
	type('?G');
	expect(text()).toMatch(/data v +Going\. v \(data verified\)/);
});

describe('what a CPU is used for', () => {
	test('is the largest share, whatever its size', () => {
		const {type} = showChanged((snapshot) => ({
			...snapshot,
			cpus: snapshot.cpus.map((cpu) => ({...cpu, busy: 4.3, top: {name: 'Xen', share: 1.4}})),
		}));
		expect(text()).toMatch(/cpu0 .*4\.3% top Xen/);
		type('\t\t\u001B[B');
		expect(text()).toContain("Busy 4.3 %, the largest share Xen's, 1.4 %.");
	});

	test('is who runs now while the host is frozen', () => {
		show({}, {columns: 80, rows: 24}, fakeClock({frozen: true}));
		expect(text()).toMatch(/cpu0 .*% now Domain-0/);
	});
});

test('a driver has commands out, a device has them queued', () => {
	show();
	expect(text()).toMatch(/nvme .*\d+ commands? out/);
	expect(text()).toMatch(/nvme0 .*\d+ queued/);
	expect(text()).not.toMatch(/queue \d+ of/);
});

test('a domain that used no CPU has no history of it', () => {
	const {type} = showChanged((snapshot) => ({
		...snapshot,
		domains: snapshot.domains.map((domain) => ({...domain, history: domain.id === 0 ? [50, 50] : [0.01, 0.02]})),
	}));
	type('2');
	expect(text()).toMatch(/CPU 0 TO 100 %/);
	expect(text()).toMatch(/Domain-0 .*▄▄/);
	expect(text()).not.toMatch(/db .*[▁▂▃▄▅▆▇]/);
});

describe('the help', () => {
	const views = ['1', '2', '3', '5'];
	test.each(sizes)('cuts no word at %i×%i', (columns) => {
		for (const view of views) {
			const {type} = show({}, {columns, rows: 90});
			type(`${view}?`);
			expect(text()).not.toMatch(/\w…/);
			expect(text()).not.toMatch(/leavingCtrl|[a-z]Ctrl-/);
		}
	});

	test('keeps its second column straight when that is the longer one', () => {
		const {type} = show({}, {columns: 120, rows: 90});
		type('3?');
		const starts = new Set(
			['Ctrl-Z ', 'Ctrl-L ', 'Ctrl-C '].map((key) =>
				text()
					.split('\n')
					.find((line) => line.includes(`  ${key}`))
					?.indexOf(`  ${key}`),
			),
		);
		expect(starts.size).toBe(1);
	});

	test('of a view is about that view', () => {
		for (const view of views) {
			const {type} = show({}, {rows: 90});
			type(`${view}?`);
			expect(text()).not.toMatch(/in (Domains|Channel|Host|Log)\b/);
		}
	});
});

test('the mean of a disk is called so where there is room', () => {
	show();
	expect(text()).toMatch(/xvda .*mean 133 µs/);
});

test('the history of a CPU stands below its bar, as wide', () => {
	const {lines} = show();
	const row = lines().findIndex((line) => line.includes('cpu0 '));
	const bar = /[█░]+/.exec(lines()[row]);
	const history = /[▁▂▃▄▅▆▇]+/.exec(lines()[row + 1]);
	expect([history?.index, history?.[0].length]).toEqual([bar?.index, bar?.[0].length]);
});

test.each(sizes)('no column of Domains stands twice, at %i×%i', (columns, rows) => {
	const {type} = show({}, {columns, rows});
	type('2');
	for (const heading of [/STEAL\(%\)/g, /REQ\/s/g, / {2}DISK/g, / NET /g, /P99 PER DISK/g, /CPU 0 TO 100 %/g]) {
		expect(text().match(heading), String(heading)).toHaveLength(1);
	}
});

test('a ring that fell asleep stays selected when it wakes', () => {
	const {message, wait} = show({asleep: 1_300_000_000});
	expect(text()).toMatch(/► db xvda {3}Asleep/);
	wait(1000);
	message({type: 'snapshot', snapshot: fakeSnapshot(13_345_000_000), clock: fakeClock()});
	expect(text()).toMatch(/► db xvda {3}Ring of 32 slots/);
});
