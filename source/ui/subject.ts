/**
 * What can be selected in the figure: domains, the parts inside them, their jobs, channels, Xen, CPUs, devices, hosts on
 * the LAN. A subject is found again by its key in every snapshot, so that a selection stays with its part.
 */
import type {
	ChannelView,
	CpuView,
	DeviceView,
	DomainView,
	JobView,
	LanHostView,
	LanView,
	PartView,
	Snapshot,
	XenView,
} from '../observe/snapshot.js';

export type Subject =
	| {readonly kind: 'domain'; readonly domain: DomainView}
	/** A part; `domain` is undefined for one inside Xen. */
	| {readonly kind: 'part'; readonly part: PartView; readonly domain: DomainView | undefined}
	| {readonly kind: 'job'; readonly job: JobView; readonly domain: DomainView}
	| {readonly kind: 'channel'; readonly channel: ChannelView}
	| {readonly kind: 'xen'; readonly xen: XenView}
	| {readonly kind: 'cpu'; readonly cpu: CpuView}
	| {readonly kind: 'device'; readonly device: DeviceView}
	| {readonly kind: 'lan'; readonly lan: LanView; readonly host: LanHostView};

export function keyOf(subject: Subject): string {
	switch (subject.kind) {
		case 'domain':
			return `domain ${subject.domain.name}`;
		case 'part':
			return `part ${subject.part.id}`;
		case 'job':
			return `job ${subject.domain.name} ${subject.job.name}`;
		case 'channel':
			return `channel ${subject.channel.id}`;
		case 'xen':
			return 'xen';
		case 'cpu':
			return `cpu ${subject.cpu.id}`;
		case 'device':
			return `device ${subject.device.name}`;
		case 'lan':
			return `lan ${subject.host.name}`;
	}
}

/** Parts a frame shows: jobs are drawn from `jobs`, which say more of them. */
export function drawnParts(domain: DomainView): readonly PartView[] {
	return domain.parts.filter((part) => part.kind !== 'job');
}

/** Every subject of a snapshot in drawing order: domains with parts and jobs, channels, Xen with CPUs, devices, the LAN. */
export function subjectsOf(snapshot: Snapshot): Subject[] {
	const subjects: Subject[] = [];
	for (const domain of snapshot.domains) {
		subjects.push({kind: 'domain', domain});
		for (const part of drawnParts(domain)) subjects.push({kind: 'part', part, domain});
		for (const job of domain.jobs) subjects.push({kind: 'job', job, domain});
	}
	for (const channel of snapshot.channels) subjects.push({kind: 'channel', channel});
	subjects.push({kind: 'xen', xen: snapshot.xen});
	for (const part of snapshot.xen.parts) subjects.push({kind: 'part', part, domain: undefined});
	for (const cpu of snapshot.cpus) subjects.push({kind: 'cpu', cpu});
	for (const device of snapshot.devices) subjects.push({kind: 'device', device});
	const {lan} = snapshot;
	if (lan !== undefined) for (const host of lan.hosts) subjects.push({kind: 'lan', lan, host});
	return subjects;
}

/** The selected subject; when it is gone or none was chosen yet, the first ring asleep, else the first, else a domain, else Xen. */
export function selectedSubject(snapshot: Snapshot, selected: string): Subject {
	const found = subjectsOf(snapshot).find((subject) => keyOf(subject) === selected);
	if (found !== undefined) return found;
	const {channels} = snapshot;
	const channel = channels.find(({look}) => look === 'asleep') ?? channels.at(0);
	if (channel !== undefined) return {kind: 'channel', channel};
	if (snapshot.domains.length > 0) return {kind: 'domain', domain: snapshot.domains[0]};
	return {kind: 'xen', xen: snapshot.xen};
}

/** The channel a subject is, ends or uses; undefined when it has none. */
export function channelOf(snapshot: Snapshot, subject: Subject): ChannelView | undefined {
	const byId = (id: string | undefined) => snapshot.channels.find((channel) => channel.id === id);
	switch (subject.kind) {
		case 'channel':
			return subject.channel;
		case 'part':
			return (
				byId(subject.part.channel) ??
				snapshot.channels.find(({frontPart, backPart}) => frontPart === subject.part.id || backPart === subject.part.id)
			);
		case 'job':
			return byId(`${subject.domain.name}.${subject.job.on}`);
		case 'domain':
			return snapshot.channels.find(({frontend}) => frontend === subject.domain.name);
		default:
			return undefined;
	}
}

/** What lines of the log about a subject have in common. */
export function logWord(subject: Subject): string {
	switch (subject.kind) {
		case 'device':
			return subject.device.name;
		case 'part':
			return subject.part.title;
		case 'lan':
			return subject.host.name;
		default:
			return '';
	}
}

/** What the percentile of a job is of: one that commits waits for its write and for the flush after it, ping for the echo. */
export function p99Label({latencyOf}: JobView): string {
	return latencyOf === '' ? 'p99' : `${latencyOf} p99`;
}

/** From here on, ns, a wait is worth a word of its own. */
export const longWait = 1e9;

/** `web xvda` for channel `web.xvda`: how a ring is spoken of. */
export function ringName(channel: ChannelView): string {
	return channel.id.replace('.', ' ');
}

/** How badly a domain is off; 0 is well. Used to decide who is shown when not all fit. */
export function troubleOf(snapshot: Snapshot, domain: DomainView): number {
	let trouble = 0;
	if (domain.died !== undefined || domain.state.includes('c')) trouble = 5;
	if ((domain.oracle?.violations ?? 0) > 0) trouble = Math.max(trouble, 5);
	for (const {look, frontend} of snapshot.channels) {
		if (frontend !== domain.name) continue;
		if (look === 'asleep') trouble = Math.max(trouble, 4);
		if (look === 'closed' || look === 'stalled' || look === 'starved') trouble = Math.max(trouble, 3);
		if (look === 'full') trouble = Math.max(trouble, 1);
	}
	if (domain.parts.some((part) => part.trouble)) trouble = Math.max(trouble, 2);
	if (domain.jobs.some((job) => job.errors > 0)) trouble = Math.max(trouble, 2);
	return trouble;
}
