/** Somebody with an address and a network stack: a guest's interface, a bridge's own port in domain zero, a host of the LAN. */
import type {Engine} from '../../engine/engine.js';
import {Step} from '../../engine/step.js';
import type {LanHost} from '../../hw/lan/host.js';
import type {CapturedFrame} from '../../net/pcap-bytes.js';
import type {NetworkStack} from '../../net/stack.js';
import type {GuestNetwork} from '../guest/network.js';
import {GuestReplay} from '../guest/network-replay.js';

export interface Station {
	/** `web.vif0`, `Domain-0.xenbr0`, `lan.client` */
	readonly id: string;
	readonly place: StationPlace;
}

/** Whose stack it is: a kernel's, which pays for its work, or a LAN host's. */
export interface StationPlace {
	readonly stack: NetworkStack;
	/** Starts a program: `body` runs inside an entry of the stack. */
	program(body: () => void): void;
	/** A replay of a capture's frames. @param loop rounds; 0 is no end. */
	replay(name: string, frames: readonly CapturedFrame[], loop: number): FrameReplay;
}

export interface FrameReplay {
	/** Frames sent. */
	readonly frames: number;
	start(): void;
	stop(): void;
}

export function guestPlace(network: GuestNetwork): StationPlace {
	return {
		stack: network.stack,
		program: (body) => network.program(body),
		replay: (name, frames, loop) => new GuestReplay(network, name, frames, loop),
	};
}

/** A host of the LAN, whose programs start at once and cost nothing. */
export function lanPlace(engine: Engine, host: LanHost): StationPlace {
	const programs: (() => void)[] = [];
	const begin = new Step(`${host.name} program`, engine.world, 0, false, (index) => host.stack.run(programs[index]));
	return {
		stack: host.stack,
		program: (body) => void engine.after(0, begin, programs.push(body) - 1),
		replay: (name, frames, loop) => host.replay(name, frames, {loop}),
	};
}

/** The signed 32 bits of `10.0.0.1`. */
export function ipAddress(text: string): number {
	return text.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
}
