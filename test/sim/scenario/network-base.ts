/** A small valid scenario with a network, for tests to bend; and files that its jobs may name. */
import {parseScenario, type ReadFile} from '../../../source/sim/scenario/parse.js';
import {Refused, ScenarioErrors} from '../../../source/sim/scenario/problems.js';
import type {Scenario} from '../../../source/sim/scenario/types.js';

export const base = `name: t
host:
  devices:
    eth0: { model: 82540EM, pci: "00:05.0" }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  web:
    vif: [{ ip: 10.0.0.1 }]
    jobs:
      http: { serve: tcp, peer: client }
`;

const readFile: ReadFile = (name) => {
	if (name === 'secret.pcap') throw new Refused('no permission to read it');
	return name === 'a.pcap' ? Uint8Array.of(1, 2, 3) : undefined;
};

export function parse(text: string): Scenario {
	return parseScenario(text, 't.yaml', {readFile});
}

/** The problems of a text as they are printed, or [] when it parses. */
export function problemsOf(text: string): string[] {
	try {
		parse(text);
		return [];
	} catch (error) {
		if (error instanceof ScenarioErrors) {
			return error.message.split('\n');
		}

		throw error;
	}
}
