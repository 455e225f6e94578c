/** What keys do, played without a terminal: moving, looking inside, time, faults, and ways out. */
import {describe, expect, test} from 'vitest';
import type {ClockView} from '../../source/session/messages.js';
import {type ConsoleState, type Effect, initialState, type World} from '../../source/ui/state.js';
import {keyOf, selectedSubject} from '../../source/ui/subject.js';
import {pressKey, speeds} from '../../source/ui/update.js';
import {fakeClock} from '../support/fake-session.js';
import {type FakeOptions, fakeSnapshot} from '../support/fake-snapshot.js';
import {faultKinds} from '../support/fault-kinds.js';

function play(
	keys: readonly string[],
	options: FakeOptions = {},
	from: Partial<ConsoleState> = {},
	clock: Partial<ClockView> = {},
) {
	const snapshot = fakeSnapshot(12_345_000_000, options);
	const world: World = {
		snapshot,
		clock: fakeClock(clock),
		log: snapshot.log,
		notice: undefined,
		failed: undefined,
		faultKinds,
		columns: 118,
		rows: 36,
	};
	let state: ConsoleState = {...initialState, ...from};
	const effects: Effect[] = [];
	for (const key of keys) {
		const update = pressKey(state, world, key);
		state = update.state;
		effects.push(...update.effects);
	}
	const commands = effects.flatMap((effect) => (effect.type === 'send' ? [effect.command] : []));
	const notices = effects.flatMap((effect) => (effect.type === 'notice' ? [effect.notice.text] : []));
	return {state, effects, commands, notices, selected: keyOf(selectedSubject(snapshot, state.selected))};
}

describe('the selection', () => {
	test('is on the first channel from the start', () => {
		expect(play([]).selected).toBe('channel web.xvda');
	});

	test('moves between both ends of a channel and the channel itself', () => {
		expect(play(['left']).selected).toBe('part Domain-0/blkback/web/xvda');
		expect(play(['right']).selected).toBe('part web/xvda');
		expect(play(['right', 'right']).selected).toBe('part web/xvda');
		expect(play(['j', 'l']).selected).toBe('part web/vif0');
		expect(play(['j', 'h']).selected).toBe('part Domain-0/netback/web/vif0');
		expect(play(['j', 'j', 'l']).selected).toBe('part db/xvda');
		expect(play(['down', 'down', 'left']).selected).toBe('part Domain-0/blkback/db/xvda');
	});

	test('goes on down into Xen and the hardware, and up again', () => {
		const xen = ['down', 'down', 'down'];
		expect(play(xen).selected).toBe('xen');
		expect(play([...xen, 'down', 'right']).selected).toBe('cpu 1');
		expect(play([...xen, 'down', 'right', 'down']).selected).toBe('device nvme0');
		expect(play([...xen, 'down', 'down', 'down']).selected).toBe('device eth0');
		expect(play([...xen, 'down', 'down', 'down', 'down']).selected).toBe('lan client');
		expect(play([...xen, 'down', 'down', 'up', 'up']).selected).toBe('xen');
	});

	test('comes back up where it went down', () => {
		expect(play(['down', 'down', 'down', 'up']).selected).toBe('channel db.xvda');
		const below = (count: number) => ['right', ...new Array<string>(count).fill('down')];
		const steps = [1, 2, 3, 4, 5, 6, 7, 8].find((count) => play(below(count)).selected === 'xen') ?? 0;
		expect(play([...below(steps), 'up']).selected).toBe(play(below(steps - 1)).selected);
		expect(play(['down', 'down', 'down', 'down', 'right', 'down', 'up']).selected).toBe('cpu 1');
	});

	test('is on the ring that sleeps while nobody has moved', () => {
		expect(play([], {asleep: 1_300_000_000}).selected).toBe('channel db.xvda');
		expect(play(['up'], {asleep: 1_300_000_000}).selected).toBe('channel web.vif0');
	});

	test('walks the panes with Tab, round and back', () => {
		const tabs = (count: number) => play(new Array(count).fill('tab')).selected;
		expect([1, 2, 3, 4, 5].map(tabs)).toEqual([
			'domain web',
			'xen',
			'device nvme0',
			'domain Domain-0',
			'channel web.xvda',
		]);
		expect(play(['tab', 'shift-tab']).selected).toBe('channel web.xvda');
	});

	test('reaches every guest, those that are not drawn too', () => {
		const {selected} = play(['tab', 'G'], {extraGuests: 40});
		expect(selected).toBe('job guest40 trickle');
	});
});

describe('Enter and Esc', () => {
	test('look at the ring of what is selected, and come back', () => {
		const inside = play(['right', 'enter']);
		expect(inside.state.view).toBe('channel');
		expect(inside.state.channel.id).toBe('web.xvda');
		const back = play(['right', 'enter', 'escape']);
		expect(back.state.view).toBe('host');
		expect(back.selected).toBe('part web/xvda');
	});

	test('look at both rings of a network, TX first, and Tab goes through every ring', () => {
		const rings = (count: number) => {
			const {id, ring} = play(['down', 'enter', ...new Array<string>(count).fill('tab')]).state.channel;
			return [id, ring];
		};
		expect([0, 1, 2, 3, 4].map(rings)).toEqual([
			['web.vif0', 0],
			['web.vif0', 1],
			['db.xvda', 0],
			['web.xvda', 0],
			['web.vif0', 0],
		]);
		expect(play(['down', 'enter', 'tab', 'shift-tab']).state.channel).toMatchObject({id: 'web.vif0', ring: 0});
		expect(play(['down', 'enter', 'tab', 'escape']).selected).toBe('channel web.vif0');
	});

	test('take a domain to its row, a CPU to the physical CPUs, a device to its log', () => {
		const domain = play(['tab', 'enter']).state;
		expect(domain.view).toBe('domains');
		expect(domain.domains.hidden).toBe(2);
		expect(play(['tab', 'tab', 'enter']).state.domains.physicalCpus).toBe(true);
		const device = play(['tab', 'tab', 'tab', 'enter']).state;
		expect([device.view, device.log.filter]).toEqual(['log', 'nvme0']);
	});

	test('ask at the top before leaving: q or Enter leaves, Esc stays', () => {
		expect(play(['escape']).state.overlay?.kind).toBe('leave');
		expect(play(['escape']).effects).toEqual([]);
		expect(play(['escape', 'q']).effects).toEqual([{type: 'quit'}]);
		expect(play(['escape', 'enter']).effects).toEqual([{type: 'quit'}]);
		expect(play(['escape', 'escape']).state.overlay).toBeUndefined();
		expect(play(['2', 'escape']).state).toMatchObject({view: 'host', overlay: undefined});
	});
});

describe('time', () => {
	test('goes slower and faster by factors of ten, from 1 µs/s to max', () => {
		expect(speeds[0]).toBe(1e3);
		expect(play(['-']).commands).toEqual([{type: 'speed', speed: 1e8}]);
		expect(play(['+', ']']).commands.at(-1)).toEqual({type: 'speed', speed: 1e11});
		expect(play(new Array(20).fill('[')).state.speed).toBe(1e3);
		expect(play(new Array(20).fill('+')).state.speed).toBe(Number.POSITIVE_INFINITY);
		expect(play(['+'], {}, {speed: 2.5e9}).state.speed).toBe(1e10);
	});

	test('freezes, steps and goes on in real time', () => {
		expect(play([' ']).commands).toEqual([{type: 'freeze', frozen: true}]);
		expect(play([' ', ' ']).commands.at(-1)).toEqual({type: 'freeze', frozen: false});
		expect(play(['.']).commands).toEqual([{type: 'step'}]);
		expect(play(['.', '=']).commands.slice(1)).toEqual([
			{type: 'speed', speed: 1e9},
			{type: 'freeze', frozen: false},
		]);
	});

	test('restarts and records', () => {
		expect(play(['0']).commands).toEqual([{type: 'restart'}]);
		expect(play(['w', 'w']).commands).toEqual([
			{type: 'record', on: true},
			{type: 'record', on: false},
		]);
	});
});

describe('faults', () => {
	test('are found by words, aimed at the selected ring first, and injected by Enter', () => {
		const {commands, state} = play(['down', 'down', 'f', ...'lost', 'enter']);
		expect(state.overlay).toBeUndefined();
		expect(commands).toEqual([
			{
				type: 'operator',
				line: {
					verb: 'fault',
					fault: 'evt.lost',
					target: 'db.xvda',
					parameters: {direction: 'to-backend', times: 1},
				},
			},
		]);
	});

	test('take parameters after Tab', () => {
		const {commands} = play(['f', 'tab', 'right', 'tab', '2', '5', 'enter']);
		expect(commands[0]).toMatchObject({
			line: {target: 'web.xvda', parameters: {direction: 'to-frontend', times: 25}},
		});
		expect(play(['f', 'down', 'down', 'enter']).commands[0]).toMatchObject({line: {target: 'db.xvda'}});
	});

	test('are not injected with a number that makes no sense', () => {
		const {commands, notices} = play(['f', 'tab', 'tab', '0', 'enter']);
		expect(commands).toEqual([]);
		expect(notices).toEqual(['times is a number from 1 to 1000000']);
	});

	test('leave letters, blanks and digits to the text while the palette is open', () => {
		const {state, commands} = play(['f', ...'q 1!?0.j']);
		expect(state.overlay).toMatchObject({kind: 'palette', palette: {text: 'q 1!?0.j'}});
		expect(commands).toEqual([]);
		expect(play(['f', 'q', 'ctrl-c']).effects).toEqual([{type: 'quit'}]);
		expect(play(['f', ...'q', 'backspace', 'enter']).commands).toHaveLength(1);
	});

	test('are not answered by a kick of the wrong ring', () => {
		const {commands, notices} = play(['up', '!'], {asleep: 1_300_000_000});
		expect(commands).toEqual([]);
		expect(notices).toEqual(['web.vif0 is not asleep; db.xvda is: select it, then !']);
		expect(play(['!']).commands).toHaveLength(1);
	});

	test('are cleared from the list or by u, as long as there is something to clear', () => {
		const fault = {fault: 'evt.lost', target: 'db.xvda', text: '', fired: 0};
		const faults = [
			{...fault, id: 'a', state: 'armed' as const},
			{...fault, id: 'b', state: 'spent' as const},
		];
		expect(play(['u'], {faults}).commands).toEqual([{type: 'operator', line: {verb: 'clear', id: 'a'}}]);
		expect(play(['u']).notices).toEqual(['No fault is armed or active.']);
		expect(play(['F', 'enter'], {faults}).notices[0]).toContain('nothing to clear');
		expect(play(['F', 'up', 'enter'], {faults}).commands).toEqual([{type: 'operator', line: {verb: 'clear', id: 'a'}}]);
	});

	test('that made a ring sleep are answered by a kick', () => {
		expect(play(['down', 'down', '!']).commands).toEqual([{type: 'operator', line: {verb: 'kick', target: 'db.xvda'}}]);
		expect(play(['tab', 'tab', '!']).notices).toEqual(['Nothing to kick: no ring is selected.']);
		expect(play(['3', 'shift-tab', '!']).commands).toEqual([
			{type: 'operator', line: {verb: 'kick', target: 'db.xvda'}},
		]);
	});

	test('strike and kicks wake the notifications of a network as those of a disk', () => {
		expect(play(['down', 'f', 'enter']).commands[0]).toMatchObject({line: {fault: 'evt.lost', target: 'web.vif0'}});
		expect(play(['down', '!']).commands).toEqual([{type: 'operator', line: {verb: 'kick', target: 'web.vif0'}}]);
		expect(play(['3', 'tab', 'tab', '!']).commands).toEqual([
			{type: 'operator', line: {verb: 'kick', target: 'web.vif0'}},
		]);
	});
});

describe('Domains', () => {
	test("has xentop's keys", () => {
		const {domains} = play(['2', 's', 's', 'V', 'n', 'b', 'r', 'o', 'z', 'p']).state;
		expect(domains).toMatchObject({
			sort: 2,
			vcpuRows: true,
			networkRows: true,
			diskRows: true,
			repeatHeader: true,
			reversed: true,
			zeroFirst: true,
			physicalCpus: true,
		});
		expect(play(['2', '<']).state.domains.sort).toBe(18);
		expect(play(['2', '<', '>']).state.domains.sort).toBe(0);
	});

	test('hides at most all but one from the top, and scrolls columns', () => {
		expect(play(['2', 'down', 'down', 'down', 'down', 'down']).state.domains.hidden).toBe(2);
		expect(play(['2', 'down', 'up', 'up']).state.domains.hidden).toBe(0);
		expect(play(['2', 'right', 'right', 'left']).state.domains.scrolled).toBe(1);
	});

	test('says elsewhere where its letters work', () => {
		expect(play(['s']).notices).toEqual(['s works in Domains (key 2): sort by the next column']);
	});
});

describe('prompts', () => {
	test('take how often figures change: numbers above zero, fractions too', () => {
		expect(play(['d', '2', '.', '5', 'enter']).state.delay).toBe(2.5);
		expect(play(['d', '0', 'enter']).state.delay).toBe(1);
		expect(play(['d', 'x', '3', 'backspace', 'enter']).state.delay).toBe(1);
		expect(play(['d', '3', 'escape']).state.delay).toBe(1);
	});

	test('narrow the log as it is typed; Esc takes the words back', () => {
		expect(play(['5', '/', ...'db']).state.log.filter).toBe('db');
		expect(play(['5', '/', ...'db', 'enter', '/', 'x', 'escape']).state.log.filter).toBe('db');
	});
});

describe('the log', () => {
	test('follows until one moves up, and again from the end', () => {
		expect(play(['5']).state.log.cursor).toBeUndefined();
		expect(play(['5', 'k', 'k']).state.log.cursor).toBe(15);
		expect(play(['5', 'k', 'G']).state.log.cursor).toBeUndefined();
		expect(play(['5', 'g']).state.log.cursor).toBe(0);
	});
});

describe('another architecture', () => {
	const catchingUp = {title: 'Driver domains: a domain for each kind of device', now: 1e9, until: 4e9};

	test('is asked for by a, and refused by Esc while it is on its way', () => {
		expect(play(['a']).commands).toEqual([{type: 'architecture'}]);
		const {commands, state} = play(['escape'], {}, {}, {catchingUp});
		expect(commands).toEqual([{type: 'keep'}]);
		expect(state.overlay).toBeUndefined();
	});

	test('leaves Esc to what lies over the view', () => {
		const {commands, state} = play(['?', 'escape'], {}, {}, {catchingUp});
		expect(commands).toEqual([]);
		expect(state.overlay).toBeUndefined();
	});
});

describe('xl', () => {
	const typed = (text: string) => play([':', ...text, 'enter']);

	test('runs what is typed, every letter and digit of it', () => {
		expect(typed('pause web').commands).toEqual([{type: 'operator', line: {verb: 'xl', line: 'pause web'}}]);
		expect(typed('sched-credit -d db -w 512').commands[0]).toMatchObject({line: {line: 'sched-credit -d db -w 512'}});
		expect(typed('pause web').state.overlay).toBeUndefined();
	});

	test('closes without a command, and by Esc', () => {
		expect(typed('  ').commands).toEqual([]);
		const {commands, state} = play([':', ...'pause web', 'escape']);
		expect([commands, state.overlay]).toEqual([[], undefined]);
	});

	test('erases, and takes no more than a line', () => {
		expect(play([':', 'a', 'b', 'backspace']).state.overlay).toEqual({kind: 'xl', text: 'a'});
		expect(play([':', ...'x'.repeat(200)]).state.overlay).toEqual({kind: 'xl', text: 'x'.repeat(60)});
	});
});

describe('a fault that ends the host', () => {
	const crash = ['f', ...'drv.crash nvme0', 'enter'];

	test('is injected only after y; Enter and n are no, and lead back', () => {
		const asked = play(crash);
		expect(asked.commands).toEqual([]);
		expect(asked.state.overlay).toMatchObject({kind: 'confirm', question: expect.stringContaining('Domain-0')});
		expect(play([...crash, 'y']).commands).toEqual([
			{type: 'operator', line: {verb: 'fault', fault: 'drv.crash', target: 'nvme0', parameters: {}}},
		]);
		for (const no of ['enter', 'n', 'escape']) {
			const {commands, state} = play([...crash, no]);
			expect(commands).toEqual([]);
			expect(state.overlay?.kind).toBe('palette');
		}
	});

	test('is not one that takes a guest only', () => {
		const {commands} = play(['f', ...'guest.crash db', 'enter']);
		expect(commands).toHaveLength(1);
		expect(play(['f', ...'guest.crash Domain-0', 'enter']).commands).toEqual([]);
	});

	test('comes first when its driver is selected', () => {
		const {commands} = play(['f', 'enter', 'y'], {}, {selected: 'part Domain-0/nvme0'});
		expect(commands[0]).toMatchObject({line: {fault: 'drv.crash', target: 'nvme0'}});
	});
});

test('before the first snapshot every key is safe', () => {
	const world: World = {
		snapshot: undefined,
		clock: undefined,
		log: [],
		notice: undefined,
		failed: undefined,
		faultKinds,
		columns: 80,
		rows: 24,
	};
	for (const key of [...'1235hjklgG.-+[]=fF!uw0a:s<>ovnbrdzp/? ', 'enter', 'escape', 'tab', 'up', 'pagedown']) {
		expect(() => pressKey(initialState, world, key), key).not.toThrow();
		expect(() => pressKey({...initialState, view: 'domains'}, world, key), key).not.toThrow();
	}
});
