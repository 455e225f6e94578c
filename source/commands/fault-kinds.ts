/** The catalogue of faults in the console's words: what its palette offers on the host of a scenario. */
import {catalogue, type FaultEntry, type FaultParameter as Parameter} from '../sim/faults/catalogue.js';
import type {Scenario} from '../sim/scenario/types.js';
import type {FaultKind, FaultParameter} from '../ui/fault-kinds.js';

/** Who is gone when a fault has acted, and what kind of domain it is aimed at; the others harm nobody's life, or are aimed at any. */
const deadly: Readonly<Record<string, Pick<FaultKind, 'kills' | 'target'>>> = {
	'drv.crash': {target: 'device', kills: 'driver'},
	'guest.crash': {target: 'guest', kills: 'target'},
	'dom0.crash': {target: 'control', kills: 'target'},
};

export function faultKindsOf(scenario: Pick<Scenario, 'domains' | 'driverDomains' | 'host'>): FaultKind[] {
	const domains = [...scenario.domains, ...scenario.driverDomains].map(({name}) => name);
	const devices = [...scenario.host.devices, ...scenario.host.nics].map(({name}) => name);
	const names: Readonly<Record<string, readonly string[]>> = {into: ['any', ...domains], device: devices};
	return catalogue.map((entry: FaultEntry): FaultKind => {
		const {id, layer, title, sentence, ends, sources, target} = entry;
		return {
			id,
			layer,
			title,
			...(deadly[id] ?? {target, kills: undefined}),
			parameters: entry.parameters.map((parameter) => parameterOf(parameter, names[parameter.name])),
			sentence: `${sentence} ${ends}`,
			words: [sentence, ends, ...sources].join(' ').toLowerCase(),
		};
	});
}

function parameterOf({name, default: initial, words}: Parameter, names: readonly string[] | undefined): FaultParameter {
	const choices = words ?? names;
	return choices === undefined
		? {name, kind: 'count', initial: Number(initial), least: 1, most: 1_000_000}
		: {name, kind: 'choice', choices, initial: choices.includes(initial) ? initial : choices[0]};
}
