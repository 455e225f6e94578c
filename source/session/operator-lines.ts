/**
What the keyboard writes, as a verb of the timeline: the border between a person's line and the simulated world. The words are
checked as the scenario parser checks them.
*/

import {assert} from '../engine/assert.js';
import type {Answer, Host} from '../sim/host.js';
import {buildFault, type ChannelName, directions, type FaultScope, type RawFault} from '../sim/scenario/fault-words.js';
import {Refused} from '../sim/scenario/problems.js';
import type {Verb} from '../sim/scenario/timeline.js';
import type {Scenario} from '../sim/scenario/types.js';
import {parseXl} from '../sim/scenario/xl.js';
import type {OperatorLine} from './messages.js';

/**
@param faultId the id a fault of this line gets.
@throws Refused with what is wrong.
*/
export function verbOf(line: OperatorLine, scenario: Scenario, faultId: string): Verb {
	switch (line.verb) {
		case 'kick':
			return {verb: 'kick', target: channelNamed(line.target, scenario)};
		case 'clear':
			return {verb: 'clear', id: line.id};
		case 'xl':
			return {
				verb: 'xl',
				xl: parseXl(
					line.line,
					[...scenario.domains, ...scenario.driverDomains].map(({name}) => name),
				),
			};
		case 'fault': {
			const fault = buildFault(rawFault(line), {...scopeOf(scenario), fallbackId: faultId}, (_, message) => {
				throw new Refused(message);
			});
			assert(fault !== undefined, 'what is wrong with a fault is refused');
			return {verb: 'fault', fault};
		}

		default:
			return line satisfies never;
	}
}

/** Carries a line out on a host, or refuses it with the reason. */
export function carryOut(host: Host, line: OperatorLine): Answer {
	try {
		return host.operate(verbOf(line, host.scenario, `operator-${host.rules.all.length + 1}`));
	} catch (error) {
		if (error instanceof Refused) {
			return {text: error.message, refused: true};
		}

		throw error;
	}
}

/** The words of a fault that came from the console, as a line of a file would have them. */
function rawFault({fault, target, parameters}: Extract<OperatorLine, {verb: 'fault'}>): RawFault {
	const words = (key: string): string | undefined => {
		const value = parameters[key];
		return value === undefined ? undefined : String(value);
	};
	const direction = directions.find((each) => each === words('direction'));
	if (direction === undefined && parameters.direction !== undefined) {
		throw new Refused(`direction is one of ${directions.join(', ')}`);
	}

	const times = parameters.times === undefined ? undefined : Number(parameters.times);
	if (times !== undefined && (!Number.isInteger(times) || times < 0 || times > 1_000_000_000)) {
		throw new Refused(`times is a whole number, 0 for no limit`);
	}

	const into = words('into');
	return {fault, target, direction, times, into: into === 'any' ? undefined : into, device: words('device')};
}

function scopeOf({domains, driverDomains, host}: Scenario): Omit<FaultScope, 'fallbackId'> {
	return {
		channels: domains.flatMap(({name, disks, vifs}) =>
			[...disks.map(({vdev}) => vdev), ...vifs.map((vif) => vif.name)].map((device) => `${name}.${device}`),
		),
		devices: [...host.devices, ...host.nics].map(({name}) => name),
		owners: [...domains, ...driverDomains].map(({name}) => name),
	};
}

function channelNamed(text: string, scenario: Scenario): ChannelName {
	if (!scopeOf(scenario).channels.includes(text)) {
		throw new Refused(`there is no channel '${text}'`);
	}

	const [domain, vdev] = text.split('.');
	return {domain, vdev};
}
