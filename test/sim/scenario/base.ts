/** A small valid scenario for tests to bend. */
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import {ScenarioErrors} from '../../../source/sim/scenario/problems.js';

export const base = `name: t
host:
  cpus: 1
  devices:
    nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 1GiB, p2: 1GiB } }
domains:
  web:
    disk: [{ vdev: xvda, target: nvme0p1 }]
    jobs:
      pages: { rw: randread, iodepth: 4 }
`;

/** The problems of a text as they are printed, or [] when it parses. */
export function problemsOf(text: string, files: Readonly<Record<string, string>> = {}): string[] {
	try {
		parseScenario(text, 't.yaml', {
			readInclude: (file) => (files[file] === undefined ? undefined : {file, text: files[file]}),
		});
		return [];
	} catch (error) {
		if (error instanceof ScenarioErrors) {
			return error.message.split('\n');
		}

		throw error;
	}
}
