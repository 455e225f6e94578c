/** A small valid scenario with a network, for tests to bend; and files that its jobs may name. */
import {parseScenario, type ReadFile} from '../../../source/sim/scenario/parse.js';
import {Refused, ScenarioErrors} from '../../../source/sim/scenario/problems.js';
import type {Scenario} from '../../../source/sim/scenario/types.js';
import {pcapFile} from '../../net/pcap-files.js';

/** Two frames, half a second apart. */
export const capture = pcapFile([
	{seconds: 0, fraction: 0, bytes: new Uint8Array(60).fill(1)},
	{seconds: 0, fraction: 500_000, bytes: new Uint8Array(1514).fill(2)},
]);

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
	const captures: Readonly<Record<string, Buffer>> = {
		'a.pcap': capture,
		'empty.pcap': pcapFile([]),
		'cut.pcap': capture.subarray(0, 110),
		'long.pcap': pcapFile([{seconds: 0, fraction: 0, bytes: new Uint8Array(1515)}]),
	};
	return captures[name];
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
