/**
 * A session without a simulation, for tests and for looking at the console: advances by the wall clock, answers
 * commands, makes snapshots. Never shipped; nothing in it claims to be a host.
 */
import type {FaultView} from '../../source/observe/snapshot.js';
import type {ClockView, Command, Message} from '../../source/session/messages.js';
import {type FakeOptions, fakeSnapshot} from './fake-snapshot.js';

export function fakeClock(value: Partial<ClockView> = {}): ClockView {
	return {
		speed: 1e9,
		reached: 1,
		frozen: false,
		finished: false,
		recording: false,
		replaying: false,
		hashes: undefined,
		figures: 0,
		run: 0,
		catchingUp: undefined,
		...value,
	};
}

/** A session that advances by the wall clock and answers commands, for looking at the console. */
export class FakeSession {
	readonly sent: Command[] = [];
	#time = 0;
	#clock: ClockView = fakeClock();
	#ring: string | undefined;
	#faults: FaultView[] = [];
	#asleepSince: number | undefined;
	#last = performance.now();
	readonly #timer: NodeJS.Timeout;

	constructor(
		private readonly message: (message: Message) => void,
		private readonly options: FakeOptions = {},
		start = 12_345_000_000,
	) {
		this.#time = start;
		this.#timer = setInterval(() => this.#tick(), 100);
		setTimeout(() => this.#tick(), 0);
	}

	send(command: Command): void {
		this.sent.push(command);
		switch (command.type) {
			case 'speed':
				this.#clock = {...this.#clock, speed: command.speed};
				break;
			case 'freeze':
				this.#clock = {...this.#clock, frozen: command.frozen};
				break;
			case 'step':
				this.#clock = {...this.#clock, frozen: true};
				this.#time += 1_234;
				break;
			case 'record':
				this.#clock = {...this.#clock, recording: command.on};
				if (!command.on) this.message({type: 'recording', text: 'name: recording\n'});
				break;
			case 'restart':
				this.#time = 0;
				this.#faults = [];
				this.#asleepSince = undefined;
				this.#clock = {...this.#clock, run: this.#clock.run + 1};
				break;
			case 'architecture':
			case 'keep':
				break;
			case 'watch':
				this.#ring = command.ring;
				return;
			case 'operator':
				this.#operate(command);
				break;
			case 'quit':
				break;
		}
		this.#tick();
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#operate({line}: Extract<Command, {type: 'operator'}>): void {
		if (line.verb === 'fault') {
			const id = `fault ${this.#faults.length + 1}`;
			this.#faults.push({id, fault: line.fault, target: line.target, text: '1 of 1 lost', state: 'spent', fired: 1});
			this.#asleepSince = this.#time;
			this.message({type: 'notice', text: `${line.fault} armed on ${line.target}`, severity: 'info'});
		}
		if (line.verb === 'kick') {
			this.#asleepSince = undefined;
			this.message({type: 'notice', text: `kicked ${line.target}`, severity: 'info'});
		}
	}

	#tick(): void {
		const now = performance.now();
		const speed = Number.isFinite(this.#clock.speed) ? this.#clock.speed : 4e10;
		if (!this.#clock.frozen) this.#time += Math.floor(((now - this.#last) / 1000) * speed);
		this.#last = now;
		const finished = this.#time >= 60e9;
		if (finished) this.#time = 60e9;
		const asleep = this.#asleepSince === undefined ? {} : {asleep: this.#time - this.#asleepSince};
		const ring = this.#ring === undefined ? {} : {ring: this.#ring};
		const snapshot = fakeSnapshot(this.#time, {...this.options, ...asleep, ...ring, faults: this.#faults});
		this.message({type: 'snapshot', snapshot, clock: {...this.#clock, finished}});
	}
}
