/** The sections of a report that speak of networks, as aligned tables. */
import type {TrafficSample} from '../sim/host/counters-network.js';
import {measuredText} from '../sim/scenario/condition.js';
import type {NetJobReport, NetworkReport} from './report-network.js';
import {grouped, table} from './report-table.js';

const second = 1_000_000_000;
const ways = ['out Mb/s', 'in Mb/s', 'out /s', 'in /s'];

export type Section = readonly [title: string, rows: readonly string[]];

/** @param time the run's, ns. */
export function networkSections(report: NetworkReport, time: number): readonly Section[] {
	const {vifs, nics, bridges, lanHosts, lan} = report;
	const traffic = ({sentBytes, receivedBytes, sentPackets, receivedPackets}: TrafficSample): string[] => [
		megabits(sentBytes, time),
		megabits(receivedBytes, time),
		rate(sentPackets, time),
		rate(receivedPackets, time),
	];
	const notified = vifs.filter(({frontPushes, backPushes}) => frontPushes + backPushes > 0);
	const altered = Object.entries(lan).filter(([, count]) => count > 0);
	return [
		['Network jobs (data that arrived; round trips, or from a request to the end of its response)', jobs(report, time)],
		[
			'Networks (as the guest sees them)',
			[
				...rows(vifs, [...ways, 'held back', 'out drops', 'in drops', 'errors', 'asleep'], (vif) => [
					vif.vif,
					...traffic(vif),
					counted(vif.limited),
					counted(vif.sentDrops),
					counted(vif.receivedDrops),
					counted(vif.sentErrors + vif.receivedErrors),
					vif.asleepTime === 0 ? '' : measuredText(vif.asleepTime, 'time'),
				]),
				...rows(notified, ['to backend', 'to frontend'], (vif) => [
					vif.vif,
					`${grouped(vif.frontNotifications)} / ${grouped(vif.frontPushes - vif.frontNotifications)}`,
					`${grouped(vif.backNotifications)} / ${grouped(vif.backPushes - vif.backNotifications)}`,
				]),
				...(notified.length === 0 ? [] : ['notifications are sent / held off']),
			],
		],
		[
			'NICs',
			rows(nics, [...ways, 'interrupts', 'missed', 'errors'], (nic) => [
				`${nic.nic} ${nic.model}`,
				...traffic(nic),
				grouped(nic.interrupts),
				counted(nic.missed),
				counted(nic.errors),
			]),
		],
		[
			'Bridges (packets)',
			rows(bridges, ['forwarded', 'flooded', 'dropped'], ({bridge, forwarded, flooded, dropped}) => [
				bridge,
				grouped(forwarded),
				grouped(flooded),
				counted(dropped),
			]),
		],
		[
			'LAN',
			[
				...rows(lanHosts, ways, (host) => [host.host, ...traffic(host)]),
				...(altered.length === 0
					? []
					: [`frames on its links: ${altered.map(([what, count]) => `${grouped(count)} ${what}`).join(', ')}`]),
			],
		],
	];
}

function jobs({netJobs}: NetworkReport, time: number): string[] {
	const some = (bytes: number): string => (bytes === 0 ? '' : megabits(bytes, time));
	return rows(
		netJobs,
		['per s', 'out Mb/s', 'in Mb/s', 'mean', 'p50', 'p99', 'p99.9', 'max', 'lost', 'resent', 'errors'],
		(job) => {
			const operations = job.kind === 'pcap' ? job.sent : job.count;
			return [
				job.job,
				operations === 0 ? '' : rate(operations, time),
				some(job.bytesOut),
				some(job.bytesIn),
				...latencies(job),
				counted(job.lost),
				counted(job.retransmits),
				counted(job.errors),
			];
		},
	);
}

function latencies({count, mean, p50, p99, p999, max}: NetJobReport): string[] {
	return [mean, p50, p99, p999, max].map((each) => (count === 0 ? '' : measuredText(each, 'time')));
}

function rows<T>(list: readonly T[], heading: readonly string[], cells: (item: T) => string[]): string[] {
	return list.length === 0 ? [] : table(['', ...heading], list.map(cells), 1);
}

function counted(count: number): string {
	return count === 0 ? '' : grouped(count);
}

function megabits(bytes: number, time: number): string {
	return time === 0 ? '' : ((bytes * 8000) / time).toFixed(2);
}

function rate(count: number, time: number): string {
	const perSecond = time === 0 ? 0 : (count * second) / time;
	return perSecond >= 100 ? grouped(Math.round(perSecond)) : perSecond.toFixed(1);
}
