/** Finding and reading scenario files: names, paths, includes, and files that are no scenario at all. */
import {execFileSync} from 'node:child_process';
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {loadScenario} from '../../source/commands/load.js';
import {openScenario, shippedNames, sizeLimit} from '../../source/commands/scenarios.js';
import {pcapFile} from '../net/pcap-files.js';
import {folderWith} from '../support/cli.js';

let folder: ReturnType<typeof folderWith> | undefined;

afterEach(() => {
	folder?.remove();
	folder = undefined;
});

function inFolder(files: Record<string, string | Uint8Array>): string {
	folder = folderWith(files);
	return folder.path;
}

describe('a scenario', () => {
	test('is found by the name it ships under', () => {
		expect(shippedNames()).toContain('web-and-db');
		const file = openScenario('web-and-db');
		expect(file.label).toBe('web-and-db.yaml');
		expect(file.text).toContain('name: web-and-db');
	});

	test('or is a file, called as it was typed', () => {
		const path = inFolder({'mine.yaml': 'name: mine\n'});
		expect(openScenario(join(path, 'mine.yaml'))).toMatchObject({label: join(path, 'mine.yaml'), text: 'name: mine\n'});
	});

	test('that is neither is answered with what is near', () => {
		const path = inFolder({'mine.yaml': ''});
		expect(() => openScenario('web-and-bd')).toThrow("did you mean 'web-and-db'?");
		expect(() => openScenario('rnu', true)).toThrow(
			"'rnu' is not a command, a shipped scenario or a file; did you mean 'run'?",
		);
		expect(() => openScenario(join(path, 'mien.yaml'))).toThrow(`did you mean '${join(path, 'mine.yaml')}'?`);
		expect(() => openScenario('web-and-db.yaml', true)).toThrow('the shipped scenario is shown by: ringtop web-and-db');
		expect(() => openScenario('web-and-db.yaml')).toThrow('ringtop run web-and-db');
		expect(() => openScenario('nothing-of-the-kind')).toThrow("'ringtop list' shows the scenarios");
	});
});

describe('a capture that a job sends', () => {
	const text = `name: t
host: { devices: { eth0: { model: 82540EM, pci: "00:05.0" } } }
domains: { web: { vif: [{}], jobs: { again: { pcap: taken.pcap } } } }
`;

	test('is read beside the scenario, byte for byte', () => {
		const bytes = pcapFile([{seconds: 1, fraction: 2, bytes: new Uint8Array([...Array(60).keys()])}]);
		const path = inFolder({'a.yaml': text, 'taken.pcap': bytes});
		const [job] = loadScenario(join(path, 'a.yaml')).scenario.domains[1].netJobs;
		expect(job.kind === 'pcap' && [...job.capture]).toEqual([...bytes]);
	});

	test('that is not there is a problem of the line that names it', () => {
		const path = inFolder({'a.yaml': text});
		expect(() => loadScenario(join(path, 'a.yaml'))).toThrow("a.yaml:3:53: there is no file 'taken.pcap'");
	});
});

describe('a file that is no scenario', () => {
	test.each<[string, Uint8Array, RegExp]>([
		['binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]), /not a text file \(it is not UTF-8\)/],
		['NUL bytes', new Uint8Array([0x61, 0, 0x62]), /contains NUL bytes/],
		['too large', new Uint8Array(sizeLimit + 1).fill(0x20), /too large/],
	])('is refused: %s', (_, content, message) => {
		const path = inFolder({'a.yaml': content});
		expect(() => openScenario(join(path, 'a.yaml'))).toThrow(message);
	});

	test('is refused: a pipe that nobody writes to, without waiting for it', () => {
		const pipe = join(inFolder({}), 'pipe');
		execFileSync('mkfifo', [pipe]);
		expect(() => openScenario(pipe)).toThrow('is a pipe, not a file');
	});

	test('is refused: a folder, an endless device', () => {
		expect(() => openScenario(inFolder({}))).toThrow(/is a directory/);
		expect(() => openScenario('/dev/zero')).toThrow('is a device, not a file');
	});

	test('is refused with its name made safe to print', () => {
		expect(() => openScenario('\u001B[2Jbad')).toThrow(/^'·\[2Jbad' is not/);
	});
});

describe('an included file', () => {
	test('is named relative to the file that includes it', () => {
		const path = inFolder({'a.yaml': 'include: sub/b.yaml\n'});
		mkdirSync(join(path, 'sub'));
		writeFileSync(join(path, 'sub/b.yaml'), 'include: c.yaml\n');
		writeFileSync(join(path, 'sub/c.yaml'), 'about: c\n');
		const root = openScenario(join(path, 'a.yaml'));
		const b = root.readInclude('sub/b.yaml', root.label);
		expect(b).toEqual({file: join(path, 'sub/b.yaml'), text: 'include: c.yaml\n'});
		expect(root.readInclude('c.yaml', b?.file ?? '')).toEqual({file: join(path, 'sub/c.yaml'), text: 'about: c\n'});
	});

	test('that is not there is the parser’s to report', () => {
		const root = openScenario(join(inFolder({'a.yaml': ''}), 'a.yaml'));
		expect(root.readInclude('b.yaml', root.label)).toBeUndefined();
	});

	test('that cannot be read is reported where the include stands', () => {
		const path = inFolder({'a.yaml': 'name: a\ninclude: sub\n'});
		mkdirSync(join(path, 'sub'));
		const file = join(path, 'a.yaml');
		expect(() => loadScenario(file)).toThrow(`${file}:2:10: include 'sub': is a directory, not a scenario`);
	});

	test('shares the size limit with the file that includes it', () => {
		const half = '# '.padEnd(sizeLimit / 2 + 1, 'x');
		const path = inFolder({'a.yaml': half, 'b.yaml': half});
		const root = openScenario(join(path, 'a.yaml'));
		expect(() => root.readInclude('b.yaml', root.label)).toThrow(/too large/);
	});

	test('cannot be one of very many, nor an absolute path', () => {
		const path = inFolder({'a.yaml': '', 'b.yaml': ''});
		const root = openScenario(join(path, 'a.yaml'));
		expect(() => root.readInclude('/etc/passwd', root.label)).toThrow(/relative/);
		for (let i = 0; i < 32; i++) symlinkSync(join(path, 'b.yaml'), join(path, `c${i}.yaml`));
		const readAll = () => {
			for (let i = 0; i < 32; i++) root.readInclude(`c${i}.yaml`, root.label);
			root.readInclude('b.yaml', root.label);
		};
		expect(readAll).toThrow(/more than 32 included files/);
	});
});
