/** The network of a fake snapshot: web serves a host on the LAN through netback, a bridge and an e1000. */
import type {
	DeviceView,
	JobView,
	LanView,
	PartView,
	RingView,
	VifChannelView,
	VifView,
} from '../../source/observe/snapshot.js';
import {fakeNetRing} from './fake-ring.js';

type MakePart = (value: Partial<PartView> & Pick<PartView, 'id' | 'kind' | 'title'>) => PartView;

export interface FakeNet {
	readonly channel: VifChannelView;
	readonly netback: PartView;
	readonly netfront: PartView;
	readonly bridge: PartView;
	readonly driver: PartView;
	readonly vif: VifView;
	readonly job: JobView;
	readonly device: DeviceView;
	readonly lan: LanView;
	readonly ring: (id: string | undefined) => RingView | undefined;
}

/** @param stalled ns since the guest's receive ring stalled. */
export function fakeNet(time: number, part: MakePart, stalled: number | undefined): FakeNet {
	const out = {bitsPerSecond: 412_000_000, packetsPerSecond: 34_600};
	const in_ = {
		bitsPerSecond: stalled === undefined ? 9_000_000 : 0,
		packetsPerSecond: stalled === undefined ? 16_400 : 0,
	};
	const bits = out.bitsPerSecond + in_.bitsPerSecond;
	const packets = out.packetsPerSecond + in_.packetsPerSecond;
	const history = Array.from({length: 60}, (_, n) => bits * (0.9 + 0.02 * (n % 7)));
	const totals = ({bitsPerSecond, packetsPerSecond}: typeof out, drops: number) => ({
		bytes: Math.floor(((time / 1e9) * bitsPerSecond) / 8),
		packets: Math.floor((time / 1e9) * packetsPerSecond),
		errors: 0,
		drops,
	});
	const channel: VifChannelView = {
		kind: 'vif',
		id: 'web.vif0',
		rings: [
			{id: 'web.vif0 TX', title: 'TX'},
			{id: 'web.vif0 RX', title: 'RX'},
		],
		label: 'vif0',
		frontend: 'web',
		backend: 'Domain-0',
		frontPart: 'web/vif0',
		backPart: 'Domain-0/netback/web/vif0',
		frontState: 'Connected',
		backState: 'Connected',
		look: stalled === undefined ? 'busy' : 'stalled',
		since: stalled ?? 0,
		size: 256,
		inFlight: 12,
		unread: 0,
		oldest: 310_000,
		requestRate: packets,
		bytesPerSecond: bits / 8,
		history,
		latency: undefined,
		p99: undefined,
		frontSent: 3000,
		frontHeld: 31_600,
		backSent: 5000,
		backHeld: 11_400,
		sent: out,
		received: in_,
		receive: {
			size: 256,
			posted: stalled === undefined ? 240 : 0,
			unread: stalled === undefined ? 4 : 0,
			queued: 3,
			dropped: 0,
		},
		limit: undefined,
		throttled: false,
	};
	const net = {unit: 'b/s', rate: bits, history, channel: channel.id} as const;
	return {
		channel,
		netback: part({
			...net,
			id: channel.backPart,
			kind: 'netback',
			title: 'netback',
			subject: 'web vif1.0',
			state: 'Connected',
		}),
		netfront: part({
			...net,
			id: channel.frontPart,
			kind: 'netfront',
			title: 'eth0',
			subject: 'vif0',
			used: channel.inFlight,
			size: channel.size,
			entry: 'slot',
			state: 'Connected',
		}),
		bridge: part({
			id: 'Domain-0/xenbr0',
			kind: 'bridge',
			title: 'xenbr0',
			subject: '2 ports',
			rate: packets,
			unit: 'frames/s',
			history: history.map((value) => value / 8e3),
			counters: [['flooded', 12]],
		}),
		driver: part({
			id: 'Domain-0/eth0',
			kind: 'driver',
			title: 'e1000',
			subject: 'eth0',
			rate: 8000,
			unit: 'irq/s',
			used: 24,
			entry: 'frame',
			state: 'live',
		}),
		vif: {
			device: 0,
			name: 'eth0',
			backend: 'Domain-0',
			received: totals(out, 0),
			sent: totals(in_, stalled === undefined ? 0 : 4711),
		},
		job: {
			kind: 'net',
			name: 'http',
			summary: 'serve tcp 200/20k',
			on: 'vif0',
			measures: 'latency',
			rate: 60,
			bytesPerSecond: 51_000_000,
			outstanding: 1,
			iodepth: 0,
			latencyOf: '',
			mean: 900_000,
			p50: 800_000,
			p99: 1_400_000,
			p999: 2_000_000,
			errors: 0,
			oldest: 500_000,
			silence: 0,
			verified: true,
			connection: undefined,
			compared: true,
			counters: [['resent', 0]],
		},
		device: {
			address: '00:05.0',
			name: 'eth0',
			model: '82540EM, 1Gb/s',
			owner: 'Domain-0',
			state: 'live',
			trouble: false,
			rates: [
				{label: 'out', perSecond: out.bitsPerSecond, unit: 'b/s'},
				{label: 'in', perSecond: in_.bitsPerSecond, unit: 'b/s'},
			],
			history,
			queue: {entry: 'descriptor', used: 38, size: 256, oldest: 0},
			interruptRate: 8000,
			alarms: [['drops', 0]],
			counters: [],
			busy: 43,
		},
		lan: {
			rate: 1e9,
			lost: 0,
			hosts: [{name: 'client', ip: '10.0.0.9', doing: 'asks web', jobs: [], sent: in_, received: out, history}],
		},
		ring: (id) => channel.rings.map(({title}) => fakeNetRing(channel, title)).find((ring) => ring.id === id),
	};
}
