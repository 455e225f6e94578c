/** A recorded capture with every protocol, and what a station on a LAN hears when a host replays it. */
import {Capture} from '../../source/doors/capture.js';
import {Lan} from '../../source/hw/lan/lan.js';
import type {LinkOptions} from '../../source/hw/lan/link.js';
import type {ReplayOptions} from '../../source/hw/lan/replay.js';
import {type CapturedFrame, readCapture} from '../../source/net/pcap.js';
import {pcapFile} from '../net/pcap-files.js';
import {addressOf} from './lan-pair.js';
import {Engine, type Kept, keep, Listener} from './lan-stations.js';
import {arpFrame, pingFrame, station, tcpFrame, udpFrame} from './packets.js';

export const [sender, receiver] = [station(1), station(2)];
export const payload = (length: number) => Uint8Array.from({length}, (_, i) => i * 7);
export const frames = [
	arpFrame(sender, receiver),
	pingFrame(sender, receiver, payload(56)),
	udpFrame(sender, receiver, payload(100)),
	udpFrame(sender, receiver, payload(1)),
	tcpFrame(sender, receiver, payload(1460)),
	tcpFrame(sender, receiver, payload(333)),
];
/** Three seconds of a network, each frame 10 ms after the one before. */
export const recorded = pcapFile(
	Array.from({length: 300}, (_, i) => ({
		seconds: 1_700_000_000 + Math.floor(i / 100),
		fraction: (i % 100) * 10_000_000 + 123,
		bytes: frames[i % frames.length],
	})),
	{nanoseconds: true},
);

/** A LAN host replays the recorded file to a station behind `eth0`, which is captured. */
export function replayed(
	link: Partial<LinkOptions> = {},
	options: Partial<ReplayOptions> = {},
	captured: readonly CapturedFrame[] = readCapture(recorded),
) {
	const engine = new Engine(5);
	const lan = new Lan(engine, 'lan');
	const wire = lan.plug('eth0', link);
	const nic = new Listener(engine, wire.first);
	const replay = lan.addHost('client', addressOf(1)).replay('again', captured, options);
	const chunks: Uint8Array[] = [];
	const capture = new Capture([wire.tap.tap], [{interface: 'eth0', file: 'a'}], 'test', (_, chunk) =>
		chunks.push(chunk),
	);
	const seen: Kept[] = [];
	const write = wire.tap.tap.onFrame;
	wire.tap.tap.onFrame = (frame) => {
		seen.push(keep(frame));
		write?.(frame);
	};
	replay.start();
	engine.run(60_000_000_000, 1_000_000);
	capture.end();
	return {file: Buffer.concat(chunks), seen, nic, replay, lan};
}
