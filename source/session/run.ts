/** What a simulation is made of and told: how hosts are made, under which architectures, where messages go, and how a run is judged at its end. */
import type {Capture} from '../doors/capture.js';
import type {Observer} from '../observe/observer.js';
import type {Host} from '../sim/host.js';
import {evaluateExpectations} from '../sim/scenario/expectation.js';
import type {Scenario} from '../sim/scenario/types.js';
import type {Variant} from './catch-up.js';
import type {Message} from './messages.js';

/** A host with who watches it. */
export interface Run {
	readonly host: Host;
	readonly observer: Observer;
	readonly capture?: Capture | undefined;
	/** Called when it becomes the run that is shown: only then its captures may go to their files. */
	readonly show?: () => void;
}

export interface SimulationOptions {
	readonly scenario: Scenario;
	/** The same scenario under every architecture there is, in the order in which `a` goes through them; none for a replay. */
	readonly variants: readonly Variant[];
	/** Makes a host anew: at the start, at every restart, and for another architecture. */
	readonly make: (scenario: Scenario) => Run;
	readonly emit: (message: Message) => void;
	readonly speed: number;
	/** A replay: operator lines come from the recording, none are taken. */
	readonly replaying: boolean;
	/** The command a person types to see the same again. */
	readonly reproduce: (arch: string) => string;
}

/** The runtime is over: the log says how many of the expectations were met. */
export function logVerdict({scenario, metrics, engine}: Host): void {
	const results = evaluateExpectations(scenario, metrics, engine.now);
	const met = results.filter((result) => result.met).length;
	const count = results.length === 0 ? 'no expectations' : `${met} of ${results.length} expectations met`;
	const severity = met === results.length ? 'notice' : 'warning';
	engine.log.add(engine.now, 'ringtop', severity, 'check', `run over: ${count}`);
}
