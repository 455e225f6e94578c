/**
What the keyboard writes, as a verb of the timeline: the border between a person's line and the simulated world. The words are
checked as the scenario parser checks them.
*/

import {Refused} from '../sim/scenario/problems.js';
import {directions, faultNames, type Verb} from '../sim/scenario/timeline.js';
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
					scenario.domains.map(({name}) => name),
				),
			};
		case 'fault': {
			const fault = faultNames.find((name) => name === line.fault);
			if (fault === undefined) {
				throw new Refused(`there is no fault '${line.fault}'`);
			}

			const direction = directions.find((each) => each === (line.parameters.direction ?? 'to-backend'));
			const times = Number(line.parameters.times ?? 1);
			if (direction === undefined) {
				throw new Refused(`direction is one of ${directions.join(', ')}`);
			}

			if (!Number.isInteger(times) || times < 0 || times > 1_000_000_000) {
				throw new Refused(`times is a whole number, 0 for no limit`);
			}

			return {
				verb: 'fault',
				fault: {fault, id: faultId, target: channelNamed(line.target, scenario), direction, times, for: 0},
			};
		}

		default:
			return line satisfies never;
	}
}

function channelNamed(text: string, scenario: Scenario): {domain: string; vdev: string} {
	for (const {name, disks, vifs} of scenario.domains) {
		for (const vdev of [...disks.map((disk) => disk.vdev), ...vifs.map((vif) => vif.name)]) {
			if (`${name}.${vdev}` === text) {
				return {domain: name, vdev};
			}
		}
	}

	throw new Refused(`there is no channel '${text}'`);
}
