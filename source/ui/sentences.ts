/**
 * The one table of plain words: what every kind of part is, and how it is in every state it can be in. The selection
 * line says them about the selected part, `?` shows them with their glyphs as the legend.
 */
import type {ChannelLook, SlotView, Snapshot} from '../observe/snapshot.js';
import {duration, percent, quantity, throughput} from './format.js';
import {channelOf, longWait, p99Label, type Subject} from './subject.js';
import {counted, listed} from './text.js';

/** States a sentence exists for, `kind.state`. */
export type SentenceKey =
	| `channel.${ChannelLook}`
	| `domain.${'running' | 'ready' | 'blocked' | 'paused' | 'crashed' | 'dead' | 'shutdown' | 'dying'}`
	| `blkback.${PartLook}`
	| `blkfront.${PartLook}`
	| `disk.${PartLook}`
	| `driver.${PartLook}`
	| `xenstored.${PartLook}`
	| `job.${'idle' | 'going' | 'waiting' | 'late' | 'failed' | 'burning'}`
	| 'xen.running'
	| `cpu.${'idle' | 'busy' | 'full'}`
	| `device.${PartLook | 'full'}`
	| `slot.${SlotView['state'] | 'reserved'}`;

type PartLook = 'idle' | 'busy' | 'trouble';

export interface Sentence {
	/** How it is drawn. */
	readonly glyph: string;
	/** What it is; the same for every state of a kind. */
	readonly what: string;
	/** What this state means. */
	readonly state: string;
}

const ring = 'a ring of requests and responses, one shared page between a guest and its backend';
const domain = 'a domain: a virtual machine with its own memory and virtual CPUs';
const blkback = 'the backend: takes requests off a ring and hands them to the driver';
const blkfront = "the frontend: puts a guest's disk requests on its ring";
const disk = 'a disk used directly, without a channel between';
const driver = 'the native driver: programs the device through its registers';
const xenstored = 'the store of names and states that domains meet through';
const job = "the guest's work, in fio's words";
const cpu = 'a physical CPU, shared by the virtual CPUs of all domains';
const device = 'a device on the PCI bus, owned by one domain';
const slot = 'a slot of the ring: one request, later its response';

export const sentences: Readonly<Record<SentenceKey, Sentence>> = {
	'channel.idle': {glyph: '◄────►', what: ring, state: 'Idle: nothing is on it.'},
	'channel.busy': {glyph: '◄════►', what: ring, state: 'Busy: requests are on their way.'},
	'channel.full': {glyph: '◄████►', what: ring, state: 'Full: every slot is taken, the guest has to wait.'},
	'channel.asleep': {
		glyph: '×─ 1 s ─×',
		what: ring,
		state: 'Asleep: work is on the ring and both ends sleep; a notification was lost. Kick it (!).',
	},
	'channel.closed': {
		glyph: '┄ Closed ┄',
		what: ring,
		state: 'Not connected: the xenbus states are not both Connected.',
	},
	'domain.running': {glyph: 'r', what: domain, state: 'One of its virtual CPUs is on a physical CPU now.'},
	'domain.ready': {glyph: '-', what: domain, state: 'It could run and waits for a physical CPU (steal).'},
	'domain.blocked': {glyph: 'b', what: domain, state: 'Blocked: it has nothing to do until an event comes.'},
	'domain.paused': {glyph: 'p', what: domain, state: 'Paused by xl: its virtual CPUs do not run until unpaused.'},
	'domain.crashed': {glyph: 'c', what: domain, state: 'It crashed.'},
	'domain.dead': {glyph: 'died', what: domain, state: 'Dead: its frame stays until the last of its pages is free.'},
	'domain.shutdown': {glyph: 's', what: domain, state: 'It shut itself down.'},
	'domain.dying': {glyph: 'd', what: domain, state: 'Dying: its memory is being taken back.'},
	'blkback.idle': {glyph: 'blkback', what: blkback, state: 'No request is in its hands at this instant.'},
	'blkback.busy': {glyph: 'blkback', what: blkback, state: 'At work.'},
	'blkback.trouble': {glyph: 'blkback', what: blkback, state: 'In trouble: its ring sleeps or is not connected.'},
	'blkfront.idle': {glyph: 'xvda ····', what: blkfront, state: 'Nothing is outstanding at this instant.'},
	'blkfront.busy': {
		glyph: 'xvda ■■··',
		what: blkfront,
		state: 'Waiting for answers: a slot is filled for each request.',
	},
	'blkfront.trouble': {glyph: 'xvda ■■■■', what: blkfront, state: 'In trouble: its ring sleeps or is not connected.'},
	'disk.idle': {glyph: 'disk', what: disk, state: 'Nothing is outstanding at this instant.'},
	'disk.busy': {glyph: 'disk', what: disk, state: 'At work.'},
	'disk.trouble': {glyph: 'disk', what: disk, state: 'In trouble: operations on it fail.'},
	'driver.idle': {glyph: 'nvme', what: driver, state: 'No command is in the device at this instant.'},
	'driver.busy': {glyph: 'nvme', what: driver, state: 'Commands are in the device.'},
	'driver.trouble': {glyph: 'nvme', what: driver, state: 'In trouble: it aborts, resets or has given the device up.'},
	'xenstored.idle': {glyph: 'xenstored', what: xenstored, state: 'Quiet: connected devices do not need it.'},
	'xenstored.busy': {glyph: 'xenstored', what: xenstored, state: 'Serving requests.'},
	'xenstored.trouble': {glyph: 'xenstored', what: xenstored, state: 'In trouble: it does not answer.'},
	'job.idle': {glyph: ' ', what: job, state: 'Not started, pausing or done: nothing outstanding.'},
	'job.going': {glyph: 'data ✓', what: job, state: 'Going. ✓ (data verified): every block read so far was as written.'},
	'job.waiting': {glyph: 'no answer', what: job, state: 'Nothing has been answered for a second or more.'},
	'job.late': {
		glyph: 'oldest waits',
		what: job,
		state: 'Answers come, but its oldest operation has waited for a second or more.',
	},
	'job.failed': {glyph: 'data wrong ✗', what: job, state: 'Operations failed, or a block read back was wrong.'},
	'job.burning': {glyph: 'hog', what: job, state: 'Burning CPU; it does no I/O.'},
	'xen.running': {
		glyph: 'Xen',
		what: 'the hypervisor: schedules virtual CPUs, delivers events, checks grants',
		state: 'Its share is interrupts and scheduling; hypercalls are charged to their callers.',
	},
	'cpu.idle': {glyph: '░░░░', what: cpu, state: 'Idle most of the time.'},
	'cpu.busy': {glyph: '██░░', what: cpu, state: 'The bar is the share of the window in which it was not idle.'},
	'cpu.full': {glyph: '████', what: cpu, state: 'Never idle: somebody waits for it.'},
	'device.idle': {glyph: 'queue 0', what: device, state: 'Idle: its queue is empty.'},
	'device.busy': {glyph: 'queue 5', what: device, state: 'Commands are queued in it.'},
	'device.full': {glyph: 'queue 64', what: device, state: 'Its queue is full: the driver has to wait.'},
	'device.trouble': {glyph: 'state', what: device, state: 'Not ready: its driver resets it or has given it up.'},
	'slot.free': {glyph: '·', what: slot, state: 'Free.'},
	'slot.reserved': {
		glyph: '□',
		what: slot,
		state: 'Reserved for the next answer: what was asked here is answered through another slot.',
	},
	'slot.request': {glyph: '■', what: slot, state: 'A request the backend has not taken yet.'},
	'slot.taken': {glyph: '▓', what: slot, state: 'Taken by the backend, on its way through driver and device.'},
	'slot.response': {glyph: 'o', what: slot, state: 'A response the guest has not read yet.'},
};

/** Which sentence fits a subject as it is now. */
export function sentenceKey(subject: Subject): SentenceKey {
	switch (subject.kind) {
		case 'channel':
			return `channel.${subject.channel.look}`;
		case 'domain': {
			const {died, pausedByXl, state, vcpus} = subject.domain;
			if (died !== undefined) return 'domain.dead';
			if (state.includes('d')) return 'domain.dying';
			if (state.includes('c')) return 'domain.crashed';
			if (state.includes('s')) return 'domain.shutdown';
			if (pausedByXl || state.includes('p')) return 'domain.paused';
			if (state.includes('r')) return 'domain.running';
			return vcpus.some((vcpu) => vcpu.state === 'runnable') ? 'domain.ready' : 'domain.blocked';
		}
		case 'part': {
			const {kind, trouble, used, rate} = subject.part;
			if (kind === 'job') return 'job.going';
			return `${kind}.${trouble ? 'trouble' : (used ?? rate ?? 0) > 0 ? 'busy' : 'idle'}`;
		}
		case 'job': {
			const {errors, verified, oldest, silence, outstanding, rate, iodepth} = subject.job;
			if (errors > 0 || !verified) return 'job.failed';
			if (iodepth === 0) return 'job.burning';
			if (silence >= longWait) return 'job.waiting';
			if (oldest >= longWait) return 'job.late';
			return outstanding > 0 || rate > 0 ? 'job.going' : 'job.idle';
		}
		case 'xen':
			return 'xen.running';
		case 'cpu':
			return `cpu.${subject.cpu.busy < 1 ? 'idle' : subject.cpu.busy > 99 ? 'full' : 'busy'}`;
		case 'device': {
			const {queued, queueSize, state} = subject.device;
			if (!ready.has(state)) return 'device.trouble';
			return `device.${queued >= queueSize ? 'full' : queued > 0 ? 'busy' : 'idle'}`;
		}
	}
}

/** Words a device in good health may use for its state. */
const ready: ReadonlySet<string> = new Set(['live', 'probing', 'ready']);

/** The selected subject in plain words: its name, then what it is and how it is right now. */
export function describe(subject: Subject): {readonly name: string; readonly text: string} {
	const {what, state} = sentences[sentenceKey(subject)];
	switch (subject.kind) {
		case 'channel': {
			const {id, frontend, backend, size, look, inFlight, unread, oldest, since, requestRate, frontState, backState} =
				subject.channel;
			const shared = `Ring of ${size} slots shared by ${frontend} and ${backend}.`;
			const waiting = `${counted(inFlight, 'request')} ${inFlight === 1 ? 'is' : 'are'} in flight`;
			const left = [counted(inFlight - unread, 'request'), ...(unread > 0 ? [counted(unread, 'response')] : [])];
			const now: Readonly<Record<ChannelLook, string>> = {
				idle: state,
				busy:
					inFlight === 0
						? `Busy: ${quantity(requestRate)} requests/s, none in flight just now.`
						: `Busy: ${waiting}, the oldest for ${duration(oldest)}.`,
				full: `Full${since >= 10_000_000 ? ` for ${duration(since)}` : ''}: ${waiting}, the oldest for ${duration(oldest)}; ${frontend} has to wait.`,
				asleep: `Asleep for ${duration(since)}: ${listed(left)} on it, both ends sleep; a notification was lost.`,
				closed: `Not connected: ${frontend} is ${frontState}, ${backend} is ${backState}.`,
			};
			// What needs a person comes first: a narrow screen cuts the end.
			const alarm = look === 'asleep' || look === 'closed';
			const words = alarm ? [now[look], shared] : [shared, now[look]];
			return {name: id.replace('.', ' '), text: words.join(' ')};
		}
		case 'domain': {
			const {name, died, run, wait, weight, cap, vcpus, role} = subject.domain;
			if (died !== undefined) return {name, text: `${died.cause}. ${state}`};
			const place = role === 'control' ? 'Domain zero: owns the devices, runs drivers and backends.' : sentence(what);
			const limits = `${counted(vcpus.length, 'vCPU')}, weight ${weight}${cap > 0 ? `, cap ${cap} %` : ''}`;
			const share = `It ran ${percent(run)} % of one CPU and waited ${percent(wait)} % for one (${limits}).`;
			return {name, text: `${place} ${share} ${state}`};
		}
		case 'part': {
			const {part, domain: owner} = subject;
			const name = [part.title, part.subject].filter((word) => word !== '').join(' ');
			const where = ` In ${owner?.name ?? 'Xen'}.`;
			const queue =
				part.used === undefined || part.size === undefined
					? ''
					: part.kind === 'driver'
						? ` ${counted(part.used, 'command')} out, ${part.size} at most.`
						: ` ${part.used} of ${part.size} slots are used.`;
			const latency = part.latency === undefined ? '' : ` A request takes ${duration(part.latency)} on average.`;
			const counters = part.counters
				.slice(0, 4)
				.map(([counter, value]) => `${counter} ${quantity(value)}`)
				.join(', ');
			const own = [part.state, counters].filter((word) => word !== '').join('; ');
			return {name, text: `${sentence(what)}${where} ${state}${queue}${latency}${own === '' ? '' : ` (${own})`}`};
		}
		case 'job': {
			const {name, summary, on, rate, outstanding, iodepth, p50, p99, p999, oldest, errors, bytesPerSecond} =
				subject.job;
			if (iodepth === 0) return {name: `${subject.domain.name} ${name}`, text: `${summary}. ${state}`};
			const percentiles = [
				['p50', p50],
				[p99Label(subject.job), p99],
				['p99.9', p999],
			]
				.flatMap(([label, value]) => (typeof value === 'number' ? [`${label} ${duration(value)}`] : []))
				.join(', ');
			const doing = `${summary} on ${on}: ${quantity(rate)}/s, ${throughput(bytesPerSecond)}`;
			const waits = `${outstanding} of ${iodepth} outstanding${outstanding > 0 ? `, the oldest for ${duration(oldest)}` : ''}`;
			const failed = errors > 0 ? ` ${counted(errors, 'operation')} failed.` : '';
			const tail = percentiles === '' ? '' : ` ${percentiles}.`;
			return {name: `${subject.domain.name} ${name}`, text: `${doing}; ${waits}.${tail}${failed} ${state}`};
		}
		case 'xen': {
			const {run, contextSwitchRate} = subject.xen;
			const share = `It used ${percent(run)} % of one CPU, switched ${quantity(contextSwitchRate)}/s between virtual CPUs.`;
			return {name: 'Xen', text: `${sentence(what)} ${share} ${state}`};
		}
		case 'cpu': {
			const {id, busy, running, top} = subject.cpu;
			const use = busy > 0 ? `, the largest share ${top.name}'s, ${percent(top.share)} %` : '';
			const now = running === 'idle' ? 'Idle at this instant.' : `${running} is on it at this instant.`;
			return {name: `cpu${id}`, text: `${sentence(what)} Busy ${percent(busy)} %${use}. ${now}`};
		}
		case 'device': {
			const {name, model, owner, queued, queueSize, oldest, busy, counters} = subject.device;
			const age = queued > 0 ? `, the oldest for ${duration(oldest)}` : '';
			const own = counters
				.slice(0, 3)
				.map(([counter, value]) => `${counter} ${quantity(value)}`)
				.join(', ');
			const queue = `${queued} of ${queueSize} commands queued${age}; its busiest unit worked ${percent(busy)} % of the time.`;
			return {name, text: `${model}, owned by ${owner}. ${state} ${queue}${own === '' ? '' : ` (${own})`}`};
		}
	}
}

/** The keys that act on a subject: `enter look   f fault   ! kick`. */
export function keysFor(snapshot: Snapshot, subject: Subject): ReadonlyArray<readonly [key: string, label: string]> {
	const enter = lookLabel(snapshot, subject);
	const ringed = channelOf(snapshot, subject) !== undefined;
	return [
		...(enter === undefined ? [] : [['enter', enter] as const]),
		...(ringed
			? ([
					['f', 'fault'],
					['!', 'kick'],
				] as const)
			: []),
	];
}

/** Where Enter leads from a subject; undefined where there is nothing deeper. */
export function lookLabel(snapshot: Snapshot, subject: Subject): string | undefined {
	if (subject.kind === 'domain') return 'its row';
	if (subject.kind === 'cpu' || subject.kind === 'xen') return 'physical CPUs';
	if (subject.kind === 'device') return 'its log';
	return channelOf(snapshot, subject) === undefined ? 'its log' : 'look';
}

function sentence(text: string): string {
	return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
