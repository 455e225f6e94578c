/**
 * The one table of plain words: what every kind of part is, and how it is in every state it can be in. The selection
 * line says them about the selected part (describe.ts), `?` shows them with their glyphs as the legend.
 */
import type {ChannelLook, SlotView} from '../observe/snapshot.js';
import {longWait, type Subject} from './subject.js';

/** States a sentence exists for, `kind.state`. */
export type SentenceKey =
	| `channel.${ChannelLook}`
	| `domain.${'booting' | 'running' | 'ready' | 'blocked' | 'paused' | 'crashed' | 'dead' | 'shutdown' | 'dying'}`
	| `blkback.${PartLook}`
	| `blkfront.${PartLook}`
	| `netback.${PartLook}`
	| `netfront.${PartLook}`
	| `bridge.${PartLook}`
	| `disk.${PartLook}`
	| `driver.${PartLook}`
	| `xenstored.${PartLook}`
	| `job.${'idle' | 'going' | 'waiting' | 'late' | 'failed' | 'burning'}`
	| `netjob.${'idle' | 'going' | 'waiting' | 'failed'}`
	| 'xen.running'
	| `cpu.${'idle' | 'busy' | 'full'}`
	| `device.${PartLook | 'full'}`
	| `lan.${'idle' | 'busy'}`
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

const ring =
	'rings of requests and responses, each a shared page between a guest and its backend: one for a disk, two for a network';
const domain = 'a domain: a virtual machine with its own memory and virtual CPUs';
const blkback = 'the backend: takes requests off a ring and hands them to the driver';
const blkfront = "the frontend: puts a guest's disk requests on its ring";
const netback =
	"the backend of a network: takes a guest's packets off its TX ring and copies others into its RX buffers";
const netfront =
	"the frontend of a network: puts a guest's packets on the TX ring and posts empty buffers on the RX ring";
const bridge = 'the bridge: learns who is behind which port and hands frames on, those between guests without the wire';
const disk = 'a disk used directly, without a channel between';
const driver = 'the native driver: programs the device through its registers';
const xenstored = 'the store of names and states that domains meet through';
const job = "the guest's work, in fio's words";
const netjob = "the guest's work on its network, in the words of ping and iperf3";
const cpu = 'a physical CPU, shared by the virtual CPUs of all domains';
const device = 'a device on the PCI bus, owned by one domain';
const lan = 'a host on the LAN, at the other end of the wire';
const slot = 'a slot of the ring: one request, later its response';

export const sentences: Readonly<Record<SentenceKey, Sentence>> = {
	'channel.idle': {glyph: '◄────►', what: ring, state: 'Idle: nothing is on it.'},
	'channel.busy': {glyph: '◄════►', what: ring, state: 'Busy: requests or packets pass over it.'},
	'channel.full': {glyph: '◄████►', what: ring, state: 'Full: every slot is taken, the guest has to wait.'},
	'channel.limited': {
		glyph: '◄═ limit ═►',
		what: ring,
		state: 'Held back: the guest has more to send than the rate limit of its vif allows.',
	},
	'channel.asleep': {
		glyph: '×─ 1 s ─×',
		what: ring,
		state: 'Asleep: work is on the ring and both ends sleep; a notification was lost. Kick it (!).',
	},
	'channel.starved': {
		glyph: '◄─ no Rx ─►',
		what: ring,
		state:
			'No receive buffers: the guest has posted none; packets for it wait at the backend, and the oldest are dropped.',
	},
	'channel.stalled': {
		glyph: '◄░ Rx ░►',
		what: ring,
		state: 'Guest Rx stalled: the guest posts no receive buffers, and what is sent to it is dropped.',
	},
	'channel.closed': {
		glyph: '┄ Closed ┄',
		what: ring,
		state: 'Not connected: the xenbus states are not both Connected, or an end is gone with its domain.',
	},
	'domain.booting': {
		glyph: 'booting',
		what: domain,
		state: 'Booting: its kernel is there, and nothing in it works yet.',
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
	'netback.idle': {glyph: 'netback', what: netback, state: 'No packet is in its hands at this instant.'},
	'netback.busy': {glyph: 'netback', what: netback, state: 'At work.'},
	'netback.trouble': {
		glyph: 'netback',
		what: netback,
		state: 'In trouble: its ring sleeps, the guest posts no buffers, or the vif was disabled.',
	},
	'netfront.idle': {glyph: 'eth0 ····', what: netfront, state: 'Nothing waits to be sent at this instant.'},
	'netfront.busy': {
		glyph: 'eth0 ■■··',
		what: netfront,
		state: 'Sending: a TX slot is filled for each page of a packet.',
	},
	'netfront.trouble': {
		glyph: 'eth0 ■■■■',
		what: netfront,
		state: 'In trouble: its ring sleeps, is not connected, or the backend misbehaved.',
	},
	'bridge.idle': {glyph: 'xenbr0', what: bridge, state: 'No frame crosses it.'},
	'bridge.busy': {glyph: 'xenbr0', what: bridge, state: 'Handing frames on.'},
	'bridge.trouble': {glyph: 'xenbr0', what: bridge, state: 'In trouble: its port to the wire has no link.'},
	'disk.idle': {glyph: 'disk', what: disk, state: 'Nothing is outstanding at this instant.'},
	'disk.busy': {glyph: 'disk', what: disk, state: 'At work.'},
	'disk.trouble': {glyph: 'disk', what: disk, state: 'In trouble: operations on it fail.'},
	'driver.idle': {glyph: 'nvme', what: driver, state: 'Nothing it gave the device is unfinished at this instant.'},
	'driver.busy': {glyph: 'nvme', what: driver, state: 'The device is at work for it.'},
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
	'netjob.idle': {glyph: ' ', what: netjob, state: 'Not started, pausing or done: nothing on its way.'},
	'netjob.going': {
		glyph: 'data ✓',
		what: netjob,
		state: 'Going. ✓ (data verified): all that arrived so far was as sent.',
	},
	'netjob.waiting': {glyph: 'no answer', what: netjob, state: 'Nothing has come back for a second or more.'},
	'netjob.failed': {glyph: 'errors ✗', what: netjob, state: 'Connections broke, or what arrived was not as sent.'},
	'xen.running': {
		glyph: 'Xen',
		what: 'the hypervisor: schedules virtual CPUs, delivers events, checks grants',
		state: 'Its share is interrupts and scheduling; hypercalls are charged to their callers.',
	},
	'cpu.idle': {glyph: '░░░░', what: cpu, state: 'Idle most of the time.'},
	'cpu.busy': {glyph: '██░░', what: cpu, state: 'The bar is the share of the window in which it was not idle.'},
	'cpu.full': {glyph: '████', what: cpu, state: 'Never idle: somebody waits for it.'},
	'device.idle': {glyph: 'queue 0', what: device, state: 'Idle: its queue is empty.'},
	'device.busy': {glyph: 'queue 5', what: device, state: 'What its driver gave it is queued in it.'},
	'device.full': {glyph: 'queue 64', what: device, state: 'Its queue is full: the driver has to wait.'},
	'device.trouble': {
		glyph: 'state',
		what: device,
		state: 'Not ready: it has no link, or its driver resets it or has given it up.',
	},
	'lan.idle': {glyph: 'lan', what: lan, state: 'Silent.'},
	'lan.busy': {glyph: 'lan', what: lan, state: 'Sending or receiving.'},
	'slot.free': {glyph: '·', what: slot, state: 'Free.'},
	'slot.reserved': {
		glyph: '□',
		what: slot,
		state: 'Reserved for the next answer: what was asked here is answered through another slot.',
	},
	'slot.posted': {glyph: ':', what: slot, state: 'An empty buffer that the guest has posted: it waits for a packet.'},
	'slot.request': {glyph: '■', what: slot, state: 'A request the backend has not taken yet.'},
	'slot.taken': {
		glyph: '▓',
		what: slot,
		state: 'Taken by the backend, on its way through driver and device, or being filled.',
	},
	'slot.response': {glyph: 'o', what: slot, state: 'A response the guest has not read yet.'},
};

/** Which sentence fits a subject as it is now. */
export function sentenceKey(subject: Subject): SentenceKey {
	switch (subject.kind) {
		case 'channel':
			return `channel.${subject.channel.look}`;
		case 'domain': {
			const {died, booting, pausedByXl, state, vcpus} = subject.domain;
			if (died !== undefined) return 'domain.dead';
			if (booting) return 'domain.booting';
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
			const {kind, errors, verified, oldest, silence, outstanding, rate, bytesPerSecond} = subject.job;
			if (kind === 'net') {
				if (errors > 0) return 'netjob.failed';
				if (silence >= longWait) return 'netjob.waiting';
				return outstanding > 0 || rate > 0 || bytesPerSecond > 0 ? 'netjob.going' : 'netjob.idle';
			}
			if (errors > 0 || !verified) return 'job.failed';
			if (kind === 'cpu') return 'job.burning';
			if (silence >= longWait) return 'job.waiting';
			if (oldest >= longWait) return 'job.late';
			return outstanding > 0 || rate > 0 ? 'job.going' : 'job.idle';
		}
		case 'xen':
			return 'xen.running';
		case 'cpu':
			return `cpu.${subject.cpu.busy < 1 ? 'idle' : subject.cpu.busy > 99 ? 'full' : 'busy'}`;
		case 'device': {
			const {queue, trouble} = subject.device;
			if (trouble) return 'device.trouble';
			return `device.${queue.used >= queue.size ? 'full' : queue.used > 0 ? 'busy' : 'idle'}`;
		}
		case 'lan': {
			const {sent, received} = subject.host;
			return `lan.${sent.packetsPerSecond + received.packetsPerSecond > 0 ? 'busy' : 'idle'}`;
		}
	}
}
