/** The worker thread's end: builds the host, turns the simulation, passes commands in and messages out. No logic of its own. */
import {performance} from 'node:perf_hooks';
import {parentPort, workerData} from 'node:worker_threads';
import {Capture} from '../doors/capture.js';
import {Observer} from '../observe/observer.js';
import {Host} from '../sim/host.js';
import type {WorkerInput} from './connect.js';
import type {Command, Message} from './messages.js';
import {Simulation} from './simulation.js';

if (parentPort === null) {
	throw new Error('this module runs in a worker thread');
}

const port = parentPort;
// Put there by connect.ts, which is the only one that starts this worker.
const input = workerData as WorkerInput;
const clock = () => performance.now();
const simulation = new Simulation({
	scenario: input.scenario,
	variants: input.variants,
	make: (scenario) => {
		const host = new Host(scenario, {version: input.version});
		return {host, observer: new Observer(host), ...capture(host)};
	},
	emit: (message) => port.postMessage(message),
	speed: input.speed,
	replaying: input.scenario.recording !== undefined,
	reproduce: (arch) => (input.variants.length === 0 ? input.reproduce : `${input.reproduce} --arch ${arch}`),
});

/** Begins the captures asked for; once the host is shown, their bytes are handed over, not copied. */
function capture({taps}: Host): {capture: Capture; show: () => void} {
	let held: Array<() => void> | undefined = [];
	return {
		capture: new Capture(taps, input.captures, input.version, (file, bytes, at) => {
			const hand = () =>
				port.postMessage({type: 'capture', file, bytes, at} satisfies Message, [bytes.buffer as ArrayBuffer]);
			if (held === undefined) hand();
			else held.push(hand);
		}),
		show() {
			for (const hand of held ?? []) hand();
			held = undefined;
		},
	};
}

let timer: NodeJS.Timeout | undefined;
let immediate: NodeJS.Immediate | undefined;

function schedule(wait: number): void {
	clearTimeout(timer);
	clearImmediate(immediate);
	if (wait <= 0) {
		immediate = setImmediate(turn);
	} else {
		timer = setTimeout(turn, wait);
	}
}

function turn(): void {
	schedule(simulation.turn(clock));
}

port.on('message', (command: Command) => {
	simulation.command(command, clock());
	if (command.type === 'quit') {
		port.close();
		clearTimeout(timer);
		clearImmediate(immediate);
		return;
	}

	schedule(0);
});
turn();
