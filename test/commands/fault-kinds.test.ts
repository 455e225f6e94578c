/** The palette offers the whole catalogue, each fault where it can strike. */
import {expect, test} from 'vitest';
import {faultKindsOf} from '../../source/commands/fault-kinds.js';
import {verbOf} from '../../source/session/operator-lines.js';
import {catalogue} from '../../source/sim/faults/catalogue.js';
import {scenarioOf} from '../support/hosts.js';

const scenario = scenarioOf('web-and-db');
const kinds = faultKindsOf(scenario);

test('every fault of the catalogue is offered, and its parameters as they stand are understood', () => {
	expect(kinds.map(({id}) => id)).toEqual(catalogue.map(({id}) => id));
	const targets = {channel: 'db.xvda', device: 'nvme0', domain: 'web', guest: 'web', control: 'Domain-0'};
	for (const {id, target, parameters} of kinds) {
		const values = Object.fromEntries(parameters.map(({name, initial}) => [name, initial]));
		const line = {verb: 'fault', fault: id, target: targets[target], parameters: values} as const;
		expect(verbOf(line, scenario, 'operator-1'), id).toMatchObject({fault: {fault: id}});
	}
});
