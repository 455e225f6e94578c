/**
 * What stands on each line of the figure: parts, jobs, CPUs, devices and the LAN as styled runs of exactly the width
 * given.
 */
import type {
	ChannelView,
	CpuView,
	DeviceView,
	JobView,
	LanHostView,
	LanView,
	PartView,
} from '../../observe/snapshot.js';
import type {Run} from '../canvas.js';
import {bitRate, duration, gauge, percent, quantity, rateText, sparkline, throughput} from '../format.js';
import {longWait, p99Label} from '../subject.js';
import {counted, cut, left, right, width} from '../text.js';

/** What all figures of a frame share: `~` while their window is shorter than a simulated second. */
export interface Figures {
	readonly mark: '' | '~';
}

export function bar(used: number, size: number, cells: number, style: string): Run[] {
	const filled = gauge(used, size, cells);
	return [
		['■'.repeat(filled), style],
		['·'.repeat(cells - filled), 'dim'],
	];
}

/** Widths of the first two columns of a frame of parts; a part that serves nobody in particular has no second one. */
export function partColumns(parts: readonly PartView[]): readonly [title: number, subject: number] {
	const serving = parts.filter(({subject}) => subject !== '');
	const title = Math.min(10, Math.max(0, ...serving.map((part) => width(part.title))));
	const subject = Math.min(16, Math.max(0, ...parts.map((part) => width(part.subject))));
	return [title, subject];
}

/** A part in the frame of the domain that runs it: `blkback  web xvda  30.0k req/s  ▅▆▇▆▅▆▆▅`. */
export function partRuns(
	part: PartView,
	cells: number,
	[titleCells, subjectCells]: readonly [number, number],
	{mark}: Figures,
): Run[] {
	const {kind, title, subject, rate, unit, history, used, entry, state, trouble} = part;
	const head = subject === '' ? title : left(title, titleCells);
	const runs: Run[] = [[head, trouble ? 'bold bad' : 'accent']];
	let room = cells - width(head);
	const add = (text: string, style = '') => {
		if (width(text) > room) return false;
		runs.push([text, style]);
		room -= width(text);
		return true;
	};
	if (subject !== '') add(` ${left(subject, subjectCells)}`);
	// A state that is well in itself is not what the trouble is; the channel shows that.
	const telling = trouble && state !== '' && state !== 'Connected' && state !== 'live';
	if (telling || kind === 'xenstored' || (rate === undefined && used === undefined)) {
		add(`  ${cut(state, room - 2)}`, trouble ? 'bad' : '');
		if (rate !== undefined && rate > 0) add(`  ${mark}${rateText(rate, unit)}`);
		return runs;
	}
	// What a driver has out says more than its rate; a ring's fill is shown at the guest's end already.
	const shown = used !== undefined && kind === 'driver';
	const queue = shown ? `${counted(used, entry)} out` : '';
	const reserved = queue === '' ? 0 : width(queue) + 2;
	if (rate !== undefined && room >= reserved + (queue === '' ? 0 : 10)) {
		const whole = right(`${mark}${rateText(rate, unit)}`, 16);
		if (!(room >= reserved + 24 && add(whole))) {
			const short = unit === 'b/s' ? bitRate(rate) : `${quantity(rate)}/s`;
			add(right(`${mark}${short}`, Math.min(room - reserved, 10)));
		}
	}
	if (queue !== '' && !(room >= reserved && add(right(queue, Math.min(18, room))))) add(`  ${used} out`);
	if (history.length > 0 && room >= 5) add(`  ${sparkline(history, Math.min(24, room - 2))}`, 'cool');
	return runs;
}

/** A guest's end of a channel: `xvda ■■········  5/32  118 µs`, `eth0 ■·········  12/256  412 Mb/s`. */
export function frontRuns(part: PartView, channel: ChannelView | undefined, cells: number, {mark}: Figures): Run[] {
	const used = channel?.inFlight ?? part.used ?? 0;
	const size = channel?.size ?? part.size ?? 0;
	const titleCells = Math.max(4, width(part.title));
	const bars = Math.min(20, Math.max(4, cells - titleCells - (cells >= 40 ? 24 : 20)));
	const asleep = channel?.look === 'asleep';
	const full = size > 0 && used >= size;
	const style = asleep ? 'bad' : full ? 'warn' : 'good';
	const stalled = channel?.look === 'stalled';
	const starved = channel?.look === 'starved';
	const net = part.kind === 'netfront';
	const latency = part.latency ?? channel?.latency;
	const figure = net
		? `${mark}${rateText(part.rate ?? 0, part.unit)}`
		: latency === undefined
			? ''
			: `${cells >= 40 ? 'mean ' : ''}${mark}${duration(latency)}`;
	const words = asleep
		? 'ASLEEP'
		: stalled
			? 'STALLED'
			: starved
				? cells >= 40
					? 'no Rx buffers'
					: 'no Rx buf'
				: channel?.look === 'closed'
					? channel.frontState
					: part.trouble
						? part.state
						: figure;
	const wordCells = cells >= 40 ? 14 : 10;
	const alarm = asleep || stalled || starved || part.trouble;
	const runs: Run[] = [
		[left(part.title, titleCells), alarm ? 'bold bad' : 'accent'],
		[' '],
		...bar(used, size, bars, style),
		[right(`${used}/${size}`, 8)],
		[right(cut(words, wordCells - 1), wordCells), alarm ? 'bold bad' : ''],
	];
	const room = cells - titleCells - bars - 9 - wordCells;
	const p99 = part.p99 ?? channel?.p99;
	const more = net
		? `${mark}${quantity(channel?.requestRate ?? 0)} packets/s`
		: p99 === undefined
			? ''
			: `p99 ${mark}${duration(p99)}`;
	if (more !== '' && room >= width(more) + 1 && !alarm) runs.push([right(more, Math.max(14, width(more) + 2)), '']);
	return runs;
}

/** Below a disk or network, where there is room: what goes over its channel and how often that needs a notification. */
export function channelRuns(channel: ChannelView, cells: number, {mark}: Figures): Run[] {
	const pushes = channel.frontSent + channel.frontHeld;
	const held = pushes > 0 ? `  ${mark}${((channel.frontHeld / pushes) * 100).toFixed(0)}% held off` : '';
	const {kind} = channel;
	const text =
		kind === 'vif'
			? `     out ${mark}${bitRate(channel.sent.bitsPerSecond)}  in ${mark}${bitRate(channel.received.bitsPerSecond)}`
			: `     ${mark}${quantity(channel.requestRate)} req/s  ${mark}${throughput(channel.bytesPerSecond)}`;
	const tail = width(text) + width(held) + 8 <= cells ? held : '';
	const room = cells - width(text) - width(tail) - 2;
	const bars = room >= 6 ? sparkline(channel.history, Math.min(24, room)) : '';
	return [
		[text, 'dim'],
		[tail, 'dim'],
		[bars === '' ? '' : `  ${bars}`, 'cool'],
	];
}

/** A job: `randread 4k  p99 402 µs  data verified ✓`: every block read so far was right. None is said of a stall. */
export function jobRuns(job: JobView, cells: number, {mark}: Figures): Run[] {
	const {kind, summary, measures, errors, verified, compared, oldest, silence, p99, outstanding, rate} = job;
	const silent = silence >= longWait;
	const measured = silent
		? `${cells >= 40 ? 'no answer for' : 'no answer'} ${duration(silence)}`
		: oldest >= longWait
			? `oldest waits ${duration(oldest)}`
			: measures !== 'latency'
				? `${mark}${measures === 'rate' ? `${quantity(rate)} packets/s` : bitRate(8 * job.bytesPerSecond)}`
				: p99 === undefined
					? kind === 'cpu' || outstanding > 0
						? ''
						: 'idle'
					: `${p99Label(job)} ${mark}${duration(p99)}`;
	const tail =
		measured === '' ? '' : right(measured, cells < 40 ? width(measured) + 1 : Math.max(12, width(measured) + 2));
	// `commit` says of the flush what fio's word does, where both have no room.
	const title = cells < 40 && p99Label(job) !== 'p99' ? summary.replace(/ fsync=1$/, '') : summary;
	const need = width(title) + width(tail);
	// The longest words that leave the rest whole.
	const fitting = (words: readonly string[]) => {
		const [last] = words.slice(-1);
		return words.find((each) => need + (cells >= 44 ? 10 : 0) + width(each) <= cells) ?? last;
	};
	// What was lost on the way, or sent again: the first that counted anything.
	const lost = job.counters.find(([, count]) => count > 0);
	let verdict: Run = [''];
	if (errors > 0) verdict = [fitting([`  ${counted(errors, 'error')} ✗`, ' ✗']), 'bold bad'];
	else if (!verified) verdict = [fitting(['  data wrong ✗', ' ✗']), 'bold bad'];
	else if (lost !== undefined) verdict = [fitting([`  ${quantity(lost[1])} ${lost[0]}`, '']), 'warn'];
	else if (compared && oldest < longWait) verdict = [fitting(['  data verified ✓', ' data ✓', ' ✓']), 'good'];
	const room = cells - width(tail) - width(verdict[0]);
	const middle =
		kind !== 'cpu' && measures === 'latency' && room >= width(title) + 10
			? right(`${mark}${quantity(rate)}/s`, 10)
			: '';
	const head = left(title, Math.max(0, room - width(middle)));
	return [[head], [middle], [tail, silent ? 'bad' : oldest >= longWait ? 'warn' : ''], verdict];
}

/** Cells of a CPU's bar, and of its history below it. */
export function cpuBars(cells: number): number {
	return Math.max(8, Math.min(24, cells - 25));
}

/** A physical CPU: `cpu0 ████░░░░░░ 41.9% top Domain-0`. `instant`: who is on it now, instead of who used it most. */
export function cpuRuns(cpu: CpuView, cells: number, {mark}: Figures, instant: boolean): Run[] {
	const name = `cpu${cpu.id}`;
	const who = instant ? `now ${cpu.running}` : cpu.busy > 0 ? `top ${cpu.top.name}` : 'idle';
	const bars = cpuBars(cells);
	const filled = Math.max(0, Math.min(bars, Math.round((cpu.busy / 100) * bars)));
	return [
		[`${name} `],
		['█'.repeat(filled), cpu.busy > 95 ? 'warn' : 'good'],
		['░'.repeat(bars - filled), 'dim'],
		[right(`${mark}${percent(cpu.busy)}%`, 7)],
		[` ${cut(who, Math.max(0, cells - width(name) - bars - 9))}`, who.endsWith('idle') ? 'dim' : 'accent'],
	];
}

/** A device: `00:04.0 nvme0  SSD, 8 channels  ▅▆▇▆  read 123 MB/s  write 0.8 MB/s  5 queued  irq 11.2k/s`. */
export function deviceRuns(
	device: DeviceView,
	cells: number,
	[nameCells, modelCells, alarmCells]: readonly [name: number, model: number, alarms: number],
	{mark}: Figures,
): Run[] {
	const {queue} = device;
	const fields: Array<readonly [text: string, cells: number, style?: string]> = [
		...device.rates.map(({label, perSecond, unit}) => [`${label} ${mark}${rateText(perSecond, unit)}`, 16] as const),
		...(alarmCells > 0 ? [[alarmWords(device), alarmCells, alarming(device) ? 'warn' : ''] as const] : []),
		[`${queue.used} queued`, 11],
		[`irq ${mark}${quantity(device.interruptRate)}/s`, 12],
		[queue.used > 0 && queue.oldest > 0 ? `oldest ${duration(queue.oldest)}` : '', 13],
		[`busiest unit ${mark}${percent(device.busy)}%`, 22],
	];
	const name = `${left(device.name, nameCells)}  `;
	const head = `${device.address} ${name}`;
	const model = left(device.model, modelCells);
	let room = cells - width(head) - width(model);
	const runs: Run[] = [[`${device.address} `, 'dim'], [name, device.trouble ? 'bold bad' : 'accent'], [model]];
	const tail: Run[] = [];
	for (const [text, size, style] of fields) {
		if (size + 2 > room) break;
		tail.push([`  ${left(text, size)}`, style]);
		room -= size + 2;
	}
	if (room >= 6) runs.push([`  ${sparkline(device.history, Math.min(24, room - 2))}`, 'cool']);
	return [...runs, ...tail];
}

/** Widths of the columns of devices whose content is their own: name, model and alarms. */
export function deviceColumns(devices: readonly DeviceView[]): readonly [name: number, model: number, alarms: number] {
	return [
		Math.max(0, ...devices.map(({name}) => width(name))),
		Math.min(24, Math.max(0, ...devices.map(({model}) => width(model)))),
		Math.max(0, ...devices.map((device) => width(alarmWords(device)))),
	];
}

function alarmWords({alarms}: DeviceView): string {
	return alarms.map(([name, count]) => `${name} ${quantity(count)}`).join('  ');
}

function alarming({alarms}: DeviceView): boolean {
	return alarms.some(([, count]) => count > 0);
}

/** The wire itself: `lan 1Gb/s  lost 169`. */
export function lanRuns({rate, lost}: LanView): Run[] {
	return [
		['lan', 'accent'],
		[` ${bitRate(rate).replace(/\.0| /g, '')}`, 'dim'],
		[lost > 0 ? `  lost ${quantity(lost)}` : '', 'warn'],
	];
}

/** A host on the LAN: `client 10.0.0.9  in 9.0 Mb/s  out 412 Mb/s`. */
export function lanHostRuns({name, ip, sent, received}: LanHostView, {mark}: Figures): Run[] {
	const rates = `  in ${mark}${bitRate(received.bitsPerSecond)}  out ${mark}${bitRate(sent.bitsPerSecond)}`;
	return [[name, 'accent'], [` ${ip}`, 'dim'], [rates]];
}
