/** The network on the screen: vifs, bridge, NIC and LAN in Host, xentop's Net lines in Domains, TX and RX in Channel. */
import {afterEach, describe, expect, test} from 'vitest';
import {describe as inWords} from '../../source/ui/describe.js';
import {subjectsOf} from '../../source/ui/subject.js';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {type AppOptions, renderApp} from './render-app.js';

let app: ReturnType<typeof renderApp> | undefined;
afterEach(() => {
	app?.close();
	app = undefined;
});

function show(options: FakeOptions = {}, terminal: AppOptions = {}) {
	app?.close();
	app = renderApp({columns: 120, rows: 36, ...terminal});
	app.message({type: 'snapshot', snapshot: fakeSnapshot(12_345_000_000, options), clock: fakeClock()});
	return app;
}

const small = {columns: 80, rows: 24};
const text = () => app?.lines().join('\n') ?? '';
const line = (words: string | RegExp) => app?.lines().find((each) => each.match(words) !== null) ?? '';
const words = (key: string, options: FakeOptions = {}) => {
	const found = subjectsOf(fakeSnapshot(12_345_000_000, options)).find((subject) => inWords(subject).name === key);
	return found === undefined ? '' : inWords(found).text;
};

describe('Host at 80x24', () => {
	test('holds both guests with their disks, network and every job, and all of domain zero', () => {
		show({}, small);
		expect(text()).not.toMatch(/\+\d+ more/);
		expect(line('netback')).toMatch(/netback web vif1\.0 +421 Mb\/s .*◄═+►.*eth0 [■·]+ +12\/256 +421 Mb\/s/);
		expect(line('xenbr0')).toMatch(/xenbr0 +2 ports +51\.0k\/s/);
		expect(line('e1000')).toMatch(/e1000 +eth0 +24 out/);
		expect(line('serve tcp')).toMatch(/serve tcp 200\/20k +p99 1\.4 ms ✓/);
		for (const job of ['randread 4k', 'write 4k', 'randwrite 16k']) expect(text()).toContain(job);
	});

	test('says how many frames the LAN has lost, once there are any', () => {
		expect(show({}, small).lines().join('\n')).not.toContain('lost');
		app?.close();
		app = renderApp(small);
		const snapshot = fakeSnapshot(12_345_000_000);
		if (snapshot.lan === undefined) throw new Error('there is a LAN');
		const lossy = {...snapshot, lan: {...snapshot.lan, lost: 169}};
		app.message({type: 'snapshot', snapshot: lossy, clock: fakeClock()});
		expect(line('client')).toMatch(/lan 1Gb\/s {2}lost 169 {2}client 10\.0\.0\.9 {2}in 412 Mb\/s {2}out 9\.0 Mb\/s/);
	});

	test('shows the LAN in the lower edge of the hardware', () => {
		show({}, small);
		expect(line('00:05.0')).toMatch(/eth0 +82540EM, 1Gb\/s +out 412 Mb\/s +in 9\.0 Mb\/s +drops 0/);
		expect(line('client')).toMatch(/╰─ lan 1Gb\/s {2}client 10\.0\.0\.9 {2}in 412 Mb\/s {2}out 9\.0 Mb\/s ─+╯/);
	});
});

describe('Host where there is room', () => {
	test('says what a network sends and receives, and gives the LAN a line', () => {
		show();
		expect(text()).toMatch(/out 412 Mb\/s {2}in 9\.0 Mb\/s/);
		expect(line('client')).toMatch(/│ lan 1Gb\/s {2}client 10\.0\.0\.9 {2}in 412 Mb\/s {2}out 9\.0 Mb\/s/);
		expect(line('xenbr0')).toMatch(/51\.0k frames\/s/);
	});

	test('lines the devices up', () => {
		show({}, {columns: 200, rows: 50});
		const [nvme, eth] = [line('00:04.0'), line('00:05.0')];
		for (const [one, other] of [
			['read', 'out'],
			['write', ' in '],
			['queued', 'queued'],
			['irq', 'irq'],
		]) {
			expect(nvme.indexOf(one)).toBe(eth.indexOf(other) + Number(other === ' in ') - Number(one === 'queued'));
		}
	});

	test('a bridge stands below a vif that hangs on it', () => {
		const lines = show().lines();
		const row = (name: string) => lines.findIndex((each) => each.includes(name));
		expect(row('xenbr0')).toBeGreaterThan(row('netback'));
	});
});

describe('in words', () => {
	test('a network says what passes and what its rings hold', () => {
		expect(words('web vif0')).toBe(
			'Busy: out 412 Mb/s (34.6k packets/s), in 9.0 Mb/s (16.4k packets/s); TX holds 12 slots, RX 240 empty buffers; ' +
				'3 packets for web wait. Two rings of 256 slots shared by web and Domain-0.',
		);
	});

	test('one that its limit holds back says so first', () => {
		const {channels} = fakeSnapshot(12_345_000_000);
		const vif = channels.find(({kind}) => kind === 'vif');
		if (vif?.kind !== 'vif') throw new Error('web has a network');
		const said = (look: 'limited' | 'busy') =>
			inWords({kind: 'channel', channel: {...vif, limit: 8_000_000, look}}).text;
		expect(said('limited')).toMatch(/^Held back by its limit of 8\.0 Mb\/s: out 412 Mb\/s/);
		expect(said('busy')).toMatch(/^Busy: .* Its limit is 8\.0 Mb\/s\./);
	});

	test('one without receive buffers counts what waits and what was dropped', () => {
		const {channels} = fakeSnapshot(12_345_000_000, {stalled: 11_000_000_000});
		const vif = channels.find(({kind}) => kind === 'vif');
		if (vif?.kind !== 'vif') throw new Error('web has a network');
		const receive = {...vif.receive, queued: 504, dropped: 1003};
		expect(inWords({kind: 'channel', channel: {...vif, look: 'starved', receive}}).text).toMatch(
			/^No receive buffers for 11 s: web has posted none; 504 packets wait, 1\.0k were dropped\. Two rings/,
		);
	});

	test('one whose guest posts no buffers says so first', () => {
		expect(words('web vif0', {stalled: 61_000_000_000})).toMatch(
			/^Guest Rx stalled for 1:01: web posts no receive buffers, what is sent to it is dropped\./,
		);
	});

	test('a job of the network has no depth, and what it lost is counted', () => {
		expect(words('web http')).toBe(
			'serve tcp 200/20k on vif0: 60/s, 408 Mb/s; 1 without an answer, the oldest for 500 µs. p50 800 µs, p99 1.4 ms, ' +
				'p99.9 2.0 ms. Going. ✓ (data verified): all that arrived so far was as sent.',
		);
	});

	test('a job over TCP says what paces its connection', () => {
		const domain = fakeSnapshot(12_345_000_000).domains[1];
		const [job] = domain.jobs.slice(-1);
		const connection = {window: 94_200, threshold: 46_100, roundTrip: 10_300_000, repairs: true};
		expect(inWords({kind: 'job', job: {...job, connection}, domain}).text).toContain(
			' Its cwnd is 94.2 kB, ssthresh 46.1 kB, rtt 10 ms; it repairs a loss. ',
		);
	});

	test('a job that nobody answers says for how long, and what was lost counts', () => {
		const [job] = fakeSnapshot(12_345_000_000).domains[1].jobs.slice(-1);
		const silent = {...job, rate: 0, bytesPerSecond: 0, silence: 3_500_000_000, counters: [['lost', 12]] as const};
		const domain = fakeSnapshot(12_345_000_000).domains[1];
		const {text: said} = inWords({kind: 'job', job: silent, domain});
		expect(said).toContain('no answer for 3.5 s');
		expect(said).toContain('Lost 12.');
		expect(said).toMatch(/Nothing has come back for a second or more\.$/);
	});

	test('a NIC speaks of its descriptors and its driver of frames, a host on the LAN of what it sees', () => {
		expect(words('eth0')).toContain('82540EM, 1Gb/s, owned by Domain-0.');
		expect(words('eth0')).toContain('38 of 256 descriptors queued;');
		expect(words('e1000 eth0')).toContain('24 frames out. (live)');
		expect(words('client')).toMatch(/^Out 9\.0 Mb\/s \(.*in 412 Mb\/s \(.* Asks web\. 10\.0\.0\.9, a host on the LAN/);
	});
});

describe('Domains', () => {
	test("shows xentop's Net line after n, as the backend counts: received is what the guest sent", () => {
		show({}, {columns: 200, rows: 50}).type('2n');
		expect(line('Net0')).toContain(
			'Net0 RX: 635767500bytes   427137pkts        0err        0drop  TX: 13888125bytes   202458pkts        0err        0drop',
		);
		app?.type('N');
		expect(text()).not.toContain('Net0');
	});

	test('has NETS, NETTX(k) and NETRX(k)', () => {
		show({}, {columns: 200, rows: 50}).type('2');
		expect(line(/ web .*--b---|^. +web /)).toMatch(/ 1 +1 +13562 +620866 +1 /);
		expect(line('Domain-0 ')).toMatch(/ 1 +0 +0 +0 +0 /);
	});

	test('at 80 columns the line goes on below, whole', () => {
		show({}, small).type('2n');
		expect(text().replace(/\s+/g, ' ')).toMatch(/Net0 RX: \d+bytes \d+pkts 0err 0drop TX: \d+bytes \d+pkts 0err 0drop/);
	});
});

describe('Channel', () => {
	test.each([small, {columns: 120, rows: 36}, {columns: 200, rows: 50}])(
		'shows TX with what each slot says, %j',
		(size) => {
			show({ring: 'web.vif0 TX'}, size).type('3\t');
			expect(text()).toContain('vif0, TX');
			expect(text()).toMatch(/req_prod 90124 +rsp_cons 90112/);
			expect(text()).toContain('12 of 256 in flight');
			expect(text()).toMatch(/▓▓▓■{9}·{52}/);
			expect(text()).toContain('marked: next 12, oldest 0');
			expect(text()).toMatch(/► +0 +0 +1514 .*csum_blank/);
			expect(text()).toContain('GSO 1448');
			expect(text().replace(/\s+/g, ' ')).toMatch(
				/1514 bytes at offset 128 of grant 700, csum_blank more_data extra_info/,
			);
		},
	);

	test('shows RX: buffers that wait for packets, and packets nobody has read', () => {
		show({ring: 'web.vif0 RX'}).type('3\t\t');
		expect(text()).toContain('vif0, RX');
		expect(text()).toContain('240 of 256 posted');
		expect(text()).toContain('4 buffers unread');
		expect(text()).toMatch(/oooo:{60}/);
		expect(text()).toContain('2 of 4, tab next'.replace('2', '3'));
	});
});

test('a network without buffers is trouble in its guest', () => {
	show({stalled: 61_000_000_000}, small);
	expect(line('eth0 ')).toMatch(/◄░+ ?Rx ?░+►/);
	expect(line('eth0 ')).toContain('STALLED');
});
