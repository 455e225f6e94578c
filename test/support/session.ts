/** A session without a terminal or a thread, on a wall clock of its own, and a small scenario for it. */
import type {Capture} from '../../source/doors/capture.js';
import {Observer} from '../../source/observe/observer.js';
import type {Snapshot} from '../../source/observe/snapshot.js';
import type {Variant} from '../../source/session/catch-up.js';
import type {ClockView, Command, Message, OperatorLine} from '../../source/session/messages.js';
import {Simulation} from '../../source/session/simulation.js';
import {Host} from '../../source/sim/host.js';
import {scenarioOf} from './hosts.js';

export const small = `name: small
about: One guest reads and writes.
arch: xen2
seed: 9
runtime: 4s
host:
  cpus: 2
  memory: 1GiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", medium: ssd, partitions: { p1: 256MiB } }
domains:
  Domain-0: { memory: 256MiB }
  web:
    memory: 128MiB
    disk: [{ vdev: xvda, target: nvme0p1, access: rw }]
    jobs:
      pages: { rw: randrw, bs: 4k, iodepth: 8, rate_iops: 500, rate_process: poisson }
expect:
  - oracle.violations == 0
  - web.xvda.read.errors == 0
`;

/** A session whose wall clock goes on by a millisecond each time it is read, and by whatever a turn asks to wait. */
export class Session {
	readonly messages: Message[] = [];
	readonly hosts: Host[] = [];
	readonly simulation: Simulation;
	wall = 1000;
	/** Real milliseconds that one slice takes. */
	slice = 1;

	constructor(
		text = small,
		{speed = 1e9, replaying = false, watched = true, variants = [] as readonly Variant[]} = {},
		capture: (() => Capture) | undefined = undefined,
	) {
		const scenario = scenarioOf(text);
		this.simulation = new Simulation({
			scenario,
			variants,
			make: (of) => {
				const host = new Host(of, {version: 'test'});
				this.hosts.push(host);
				return {host, observer: new Observer(host), capture: capture?.()};
			},
			emit: (message) => this.messages.push(message),
			speed,
			replaying,
			reproduce: (arch) => `ringtop small --arch ${arch}`,
		});
		if (watched) {
			this.turn();
		}
	}

	get host(): Host {
		return this.hosts[this.hosts.length - 1];
	}

	get hash(): string {
		return this.host.engine.hash.toString();
	}

	send(command: Command): void {
		this.simulation.command(command, this.wall);
	}

	operate(line: OperatorLine): void {
		this.send({type: 'operator', line});
	}

	/** One turn; returns the milliseconds it asks to wait. */
	turn(): number {
		return this.simulation.turn(() => {
			const {wall} = this;
			this.wall += this.slice;
			return wall;
		});
	}

	/** Turns until so many real milliseconds have passed. */
	pass(milliseconds: number): void {
		const end = this.wall + milliseconds;
		while (this.wall < end) {
			const wait = this.turn();
			this.wall += Math.min(wait, Math.max(0, end - this.wall));
		}
	}

	/** Turns as fast as it can until virtual time has reached `until`, or the run is over. */
	run(until: number): void {
		this.send({type: 'speed', speed: Number.POSITIVE_INFINITY});
		while (this.host.now < until && !this.host.finished) {
			this.turn();
			const failure = this.messages.find(({type}) => type === 'failed');
			if (failure !== undefined) throw new Error(JSON.stringify(failure));
		}
	}

	get snapshots(): {snapshot: Snapshot; clock: ClockView}[] {
		return this.messages.filter((message) => message.type === 'snapshot');
	}

	get last(): {snapshot: Snapshot; clock: ClockView} {
		const last = this.snapshots.at(-1);
		if (last === undefined) throw new Error('no snapshot came');
		return last;
	}

	get notices(): {text: string; severity: string}[] {
		return this.messages.filter((message) => message.type === 'notice');
	}

	get recordings(): string[] {
		return this.messages.filter((message) => message.type === 'recording').map(({text}) => text);
	}
}
