/**
 * The selected part in words: the sentence of its kind and state from the one table, with its own figures, and the keys
 * that act on it.
 */
import type {
	ChannelLook,
	ChannelView,
	ConnectionView,
	DomainView,
	JobView,
	PartView,
	Snapshot,
	TrafficRate,
	VifChannelView,
} from '../observe/snapshot.js';
import {bitRate, clock, duration, percent, quantity, throughput} from './format.js';
import {sentenceKey, sentences} from './sentences.js';
import {channelOf, longWait, p99Label, type Subject} from './subject.js';
import {counted, listed} from './text.js';

/** The selected subject in plain words: its name, then what it is and how it is right now. */
export function describe(subject: Subject): {readonly name: string; readonly text: string} {
	const {what, state} = sentences[sentenceKey(subject)];
	switch (subject.kind) {
		case 'channel':
			return {name: subject.channel.id.replace('.', ' '), text: channelWords(subject.channel)};
		case 'domain': {
			const {name, died, run, wait, weight, cap, vcpus} = subject.domain;
			if (died !== undefined) return {name, text: `${sentence(`${died.cause} ${clock(died.time)}`)} ${state}`};
			const place = placeWords(subject.domain) ?? sentence(what);
			const limits = `${counted(vcpus.length, 'vCPU')}, weight ${weight}${cap > 0 ? `, cap ${cap} %` : ''}`;
			const share = `It ran ${percent(run)} % of one CPU and waited ${percent(wait)} % for one (${limits}).`;
			return {name, text: `${place} ${share} ${state}`};
		}
		case 'part': {
			const {part, domain: owner} = subject;
			const name = [part.title, part.subject].filter((word) => word !== '').join(' ');
			const where = ` In ${owner?.name ?? 'Xen'}.`;
			const queue = queueWords(part);
			const latency = part.latency === undefined ? '' : ` A request takes ${duration(part.latency)} on average.`;
			const carried =
				part.unit === 'b/s' && part.rate !== undefined ? ` ${bitRate(part.rate)}, both ways together.` : '';
			const counters = part.counters
				.slice(0, 4)
				.map(([counter, value]) => `${counter} ${quantity(value)}`)
				.join(', ');
			const own = [part.state, counters].filter((word) => word !== '').join('; ');
			return {
				name,
				text: `${state}${carried}${queue}${latency}${own === '' ? '' : ` (${own})`} ${sentence(what)}${where}`,
			};
		}
		case 'job':
			return {name: `${subject.domain.name} ${subject.job.name}`, text: `${jobWords(subject.job)} ${state}`};
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
			const {name, model, owner, queue, busy, counters} = subject.device;
			const age = queue.used > 0 && queue.oldest > 0 ? `, the oldest for ${duration(queue.oldest)}` : '';
			const own = counters
				.filter(([, value], index) => index < 3 || value > 0)
				.slice(0, 4)
				.map(([counter, value]) => `${counter} ${quantity(value)}`)
				.join(', ');
			const waiting = `${queue.used} of ${counted(queue.size, queue.entry)} queued${age}`;
			const words = `${waiting}; its busiest unit worked ${percent(busy)} % of the time.`;
			return {name, text: `${model}, owned by ${owner}. ${state} ${words}${own === '' ? '' : ` (${own})`}`};
		}
		case 'lan': {
			const {host, lan} = subject;
			const doing = host.doing === '' ? '' : ` ${sentence(host.doing)}`;
			const rates = `Out ${trafficWords(host.sent)}, in ${trafficWords(host.received)}.`;
			const jobs = host.jobs.map((job) => `${briefly(job)} `).join('');
			const frames = `${counted(lan.lost, 'frame')} ${lan.lost === 1 ? 'was' : 'were'} lost`;
			const lost = lan.lost > 0 ? ` On all wires together ${frames}.` : '';
			return {
				name: host.name,
				text: `${jobs}${rates}${lost}${doing} ${host.ip}, ${what}. ${state}`,
			};
		}
	}
}

/** What a part has in its hands, of how much. */
function queueWords({kind, used, size, entry}: PartView): string {
	if (used === undefined) return '';
	if (kind === 'driver') return ` ${counted(used, entry)} out${size === undefined ? '' : `, ${size} at most`}.`;
	return size === undefined ? '' : ` ${used} of ${counted(size, entry)} ${used === 1 ? 'is' : 'are'} used.`;
}

/** What a domain is there for; undefined for a guest. */
function placeWords({role, parts}: DomainView): string | undefined {
	if (role === 'guest') return undefined;
	const driven = parts.filter(({kind}) => kind === 'driver').map(({subject}) => subject);
	if (role === 'driver') return `A driver domain: drives ${listed(driven) || 'nothing yet'} and serves guests on it.`;
	return driven.length > 0
		? 'Domain zero: owns the devices, runs drivers and backends.'
		: 'Domain zero: runs the toolstack and the store, and drives no device.';
}

/** A channel: what it is and how it is right now; what needs a person comes first, for a narrow screen cuts the end. */
function channelWords(channel: ChannelView): string {
	const {kind, frontend, backend, size, look, inFlight, unread, oldest, since, requestRate, frontState, backState} =
		channel;
	const shared =
		kind === 'vbd'
			? `Ring of ${size} slots shared by ${frontend} and ${backend}.`
			: `Two rings of ${size} slots shared by ${frontend} and ${backend}.`;
	const entry = kind === 'vbd' ? 'request' : 'slot';
	const waiting = `${counted(inFlight, entry)} ${inFlight === 1 ? 'is' : 'are'} in flight`;
	const left = [counted(inFlight - unread, entry), ...(unread > 0 ? [counted(unread, 'response')] : [])];
	const busy = {
		vbd: () =>
			inFlight === 0
				? `Busy: ${quantity(requestRate)} requests/s, none in flight just now.`
				: `Busy: ${waiting}, the oldest for ${duration(oldest)}.`,
		vif: () => (channel.kind === 'vif' ? vifWords(channel) : ''),
	};
	const lasting = since >= 10_000_000 ? ` for ${duration(since)}` : '';
	const now: Readonly<Record<ChannelLook, string>> = {
		idle: sentences['channel.idle'].state,
		busy: busy[kind](),
		full: `Full${lasting}: ${waiting}, the oldest for ${duration(oldest)}; ${frontend} has to wait.${channel.kind === 'vif' ? limitWords(channel) : ''}`,
		asleep: `Asleep for ${duration(since)}: ${listed(left)} on it, both ends sleep; a notification was lost.`,
		limited: busy[kind](),
		starved: `No receive buffers${lasting}: ${frontend} has posted none; ${strandedWords(channel)}.`,
		stalled: `Guest Rx stalled${lasting}: ${frontend} posts no receive buffers, what is sent to it is dropped.`,
		closed: `Not connected: ${frontend} is ${frontState}, ${backend} is ${backState}${inFlight > 0 ? `; ${waiting}, and wait` : ''}.`,
	};
	const first = kind === 'vif' || look === 'asleep' || look === 'closed';
	return (first ? [now[look], shared] : [shared, now[look]]).join(' ');
}

/** A network that is at work: what passes each way, and what its rings hold. */
function vifWords(channel: VifChannelView): string {
	const {sent, received, inFlight, receive, frontend} = channel;
	const passes = `out ${trafficWords(sent)}, in ${trafficWords(received)}`;
	const rings = `TX holds ${counted(inFlight, 'slot')}, RX ${counted(receive.posted, 'empty buffer')}`;
	const queued = receive.queued > 0 ? `; ${counted(receive.queued, 'packet')} for ${frontend} wait` : '';
	const {limit, look} = channel;
	const held = look === 'limited' && limit !== undefined;
	const lead = held ? `Held back by its limit of ${bitRate(limit)}` : 'Busy';
	return `${lead}: ${passes}; ${rings}${queued}.${held ? '' : limitWords(channel)}`;
}

function limitWords({limit}: VifChannelView): string {
	return limit === undefined ? '' : ` Its limit is ${bitRate(limit)}.`;
}

/** What became of the packets for a guest that posts no buffers. */
export function strandedWords(channel: ChannelView): string {
	if (channel.kind !== 'vif') return '';
	const {queued, dropped} = channel.receive;
	return `${counted(queued, 'packet')} ${queued === 1 ? 'waits' : 'wait'}, ${quantity(dropped)} ${dropped === 1 ? 'was' : 'were'} dropped`;
}

function trafficWords({bitsPerSecond, packetsPerSecond}: TrafficRate): string {
	return `${bitRate(bitsPerSecond)} (${quantity(packetsPerSecond)} packets/s)`;
}

/** A job of a host on the LAN in a few words: how it goes, and what it lost. */
function briefly(job: JobView): string {
	const {name, summary, silence, p99, bytesPerSecond, counters} = job;
	const goes =
		silence >= longWait
			? `no answer for ${duration(silence)}`
			: p99 === undefined
				? bitRate(8 * bytesPerSecond)
				: `${p99Label(job)} ${duration(p99)}`;
	const lost = counters.flatMap(([what, count]) => (count > 0 ? [`${quantity(count)} ${what}`] : []));
	return `${name} (${summary}): ${[goes, ...lost].join(', ')}.`;
}

/** What a job does and what came of it, without how it is. */
function jobWords(job: JobView): string {
	const {
		kind,
		summary,
		on,
		rate,
		outstanding,
		iodepth,
		p50,
		p99,
		p999,
		oldest,
		silence,
		errors,
		bytesPerSecond,
		connection,
		counters,
	} = job;
	if (kind === 'cpu') return `${summary}.`;
	const percentiles = [
		['p50', p50],
		[p99Label(job), p99],
		['p99.9', p999],
	]
		.flatMap(([label, value]) => (typeof value === 'number' ? [`${label} ${duration(value)}`] : []))
		.join(', ');
	const tail = percentiles === '' ? '' : ` ${percentiles}.`;
	const age = outstanding > 0 && oldest > 0 ? `, the oldest for ${duration(oldest)}` : '';
	const failed = errors > 0 ? ` ${counted(errors, 'operation')} failed.` : '';
	if (kind === 'disk') {
		const doing = `${summary} on ${on}: ${quantity(rate)}/s, ${throughput(bytesPerSecond)}`;
		return `${doing}; ${outstanding} of ${iodepth} outstanding${age}.${tail}${failed}`;
	}
	const passes = [
		...(rate > 0 ? [`${quantity(rate)}/s`] : []),
		...(bytesPerSecond > 0 ? [bitRate(8 * bytesPerSecond)] : []),
		...(silence >= longWait ? [`no answer for ${duration(silence)}`] : []),
	];
	const waits = outstanding > 0 ? `; ${outstanding} without an answer${age}` : '';
	const own = counters
		.flatMap(([name, value]) => (value > 0 ? [` ${sentence(`${name} ${quantity(value)}`)}`] : []))
		.join('');
	const paced = connection === undefined ? '' : ` ${connectionWords(connection)}`;
	return `${summary}${on === '' ? '' : ` on ${on}`}: ${passes.join(', ') || 'nothing yet'}${waits}.${tail}${failed}${paced}${own}`;
}

/** What paces a TCP connection, in the names of `ss -i`: `Its cwnd is 94.2 kB, ssthresh 46.1 kB, rtt 10 ms.` */
function connectionWords({window, threshold, roundTrip, repairs}: ConnectionView): string {
	const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
	const figures = [
		`cwnd is ${kilobytes(window)}`,
		...(threshold === undefined ? [] : [`ssthresh ${kilobytes(threshold)}`]),
		...(roundTrip === 0 ? [] : [`rtt ${duration(roundTrip)}`]),
	];
	return `Its ${figures.join(', ')}${repairs ? '; it repairs a loss' : ''}.`;
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
	if (subject.kind === 'device' || subject.kind === 'lan') return 'its log';
	return channelOf(snapshot, subject) === undefined ? 'its log' : 'look';
}

function sentence(text: string): string {
	return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
