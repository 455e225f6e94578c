/** Captures in the console: their bytes come out as time goes by, begin anew with the run, and are whole when it is left. */
import {describe, expect, test} from 'vitest';
import {Capture} from '../../source/doors/capture.js';
import {FrameTap} from '../../source/net/frame-tap.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';
import {readCapture} from '../../source/net/pcap.js';
import {Session, small} from '../support/session.js';

/** A session with a tap of its own, and the capture file as a person would find it. */
function captured() {
	let tap = new FrameTap('eth0');
	let file = Buffer.alloc(0);
	const session = new Session(small, {}, () => {
		tap = new FrameTap('eth0');
		return new Capture([tap], [{interface: 'eth0', file: 'a'}], 'test', (_, bytes, at) => {
			file = Buffer.concat([file.subarray(0, at), bytes]);
		});
	});
	const see = (fill: number) => {
		const bytes = new PacketBuffer(1);
		bytes.add(Buffer.alloc(60, fill), 0, 60);
		const {now: at} = session.host;
		tap.onFrame?.({at, direction: 'inbound', bytes, checksumBlank: false, segmentSize: 0, note: ''});
	};
	return {session, see, fills: () => readCapture(file).map(({bytes}) => bytes[0])};
}

describe('a capture', () => {
	test('is in its file at the pace of snapshots, so that it can be followed', () => {
		const {session, see, fills} = captured();
		see(1);
		session.pass(150);
		expect(fills()).toEqual([1]);
		see(2);
		session.pass(150);
		expect(fills()).toEqual([1, 2]);
	});

	test('begins anew when the run does', () => {
		const {session, see, fills} = captured();
		see(1);
		session.pass(150);
		session.send({type: 'restart'});
		see(2);
		session.pass(150);
		expect(fills()).toEqual([2]);
	});

	test('is whole when the console is left', () => {
		const {session, see, fills} = captured();
		session.pass(150);
		see(1);
		session.send({type: 'quit'});
		expect(fills()).toEqual([1]);
		see(2);
		expect(fills()).toEqual([1]);
	});
});
