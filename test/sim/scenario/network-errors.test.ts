/** Every mistake that the network's part of a scenario can hold, one a row, with the exact message it gets. */
import {describe, expect, it} from 'vitest';
import {base, problemsOf} from './network-base.js';

describe('a bad network is refused with file, line, column and what to do', () => {
	const nic = 'pci: "00:05.0"';
	const http = 'serve: tcp, peer: client';
	const rows: readonly (readonly [string, string, string, string])[] = [
		['a disk word of a NIC', nic, `${nic}, medium: ssd`, "4:45: 'medium' is about a disk, and eth0 is a NIC"],
		['a NIC called a disk', 'eth0:', 'nvme0:', "4:5: 'nvme0' cannot name a NIC; they are eth0, eth1, …"],
		[
			'an address that is none',
			'ip: 10.0.0.1 ',
			'ip: 10.0.0 ',
			"8:17: '10.0.0' is not an IPv4 address; write four numbers such as 10.0.0.1",
		],
		[
			'an address of nobody',
			'ip: 10.0.0.1 ',
			'ip: 224.0.0.1 ',
			"8:17: '224.0.0.1' is nobody's address; write such as 10.0.0.1",
		],
		[
			'one address twice',
			'ip: 10.0.0.1 ',
			'ip: 10.0.0.9 ',
			"5:31: 10.0.0.9 is web's address already; give each its own",
		],
		[
			'a MAC of a group',
			'ip: 10.0.0.1 ',
			'ip: 10.0.0.1, mac: "01:00:5e:00:00:01" ',
			"8:32: '01:00:5e:00:00:01' is nobody's own: the address of one station has an even first byte",
		],
		[
			'a bridge that is not there',
			'ip: 10.0.0.1 ',
			'ip: 10.0.0.1, bridge: xenbr1 ',
			"8:35: there is no bridge 'xenbr1', did you mean 'xenbr0'?",
		],
		[
			'large packets in one page',
			'ip: 10.0.0.1 ',
			'ip: 10.0.0.1, sg: off ',
			'8:31: a large packet needs scatter-gather: write tso: off beside sg: off',
		],
		[
			'a rate of no kind',
			'ip: 10.0.0.1 ',
			'ip: 10.0.0.1, rate: 5 ',
			"8:33: this is not xl's rate; write such as 10Mb/s or 1MB/s@20ms",
		],
		[
			'a NIC no bridge can have',
			'lan:',
			'  bridges: { xenbr0: [eth1] }\nlan:',
			"5:23: there is no NIC 'eth1', did you mean 'eth0'?",
		],
		[
			'a bridge with the name of a NIC',
			'lan:',
			'  bridges: { eth0: [] }\nlan:',
			"5:14: 'eth0' cannot name a bridge; write such as xenbr0",
		],
		[
			'a host with the name of a domain',
			'client: { ip: 10.0.0.9 }',
			'client: { ip: 10.0.0.9 }, web: { ip: 10.0.0.8 }',
			"5:43: a domain is called 'web' already; give the host on the LAN a name of its own",
		],
		[
			'nobody of that name',
			http,
			'serve: tcp, peer: clinet',
			"10:33: nobody has the name 'clinet', did you mean 'client'?",
		],
		['itself', http, 'ping: web', "10:21: web is this job's own; name somebody else"],
		['a server nobody asks', http, 'serve: tcp', '10:7: say who sends the requests: peer: client'],
		[
			'two jobs in one',
			http,
			'ping: client, iperf: client',
			'10:29: a job does one thing, and this one has ping and iperf',
		],
		[
			'a word of another job',
			http,
			'ping: client, bitrate: 1Mb/s',
			"10:29: 'bitrate' goes with iperf, and this job has ping",
		],
		[
			'a word of a disk job',
			http,
			'ping: client, iodepth: 4',
			"10:29: 'iodepth' is about disks, and this job is about a network (ping)",
		],
		['a word without its job', http, 'bitrate: 1Mb/s', "10:15: 'bitrate' needs iperf, which says what the job does"],
		[
			'an interface that is not there',
			http,
			`${http}, on: vif1`,
			"10:45: web has no interface 'vif1', did you mean 'vif0'?",
		],
		[
			'an interface without address',
			'{ ip: 10.0.0.1 }',
			'{}',
			'10:7: web.vif0 has no address to serve with; give it one, such as ip: 10.0.0.1',
		],
		[
			'no interface at all',
			'    vif: [{ ip: 10.0.0.1 }]\n',
			'',
			'9:7: web has no interface for this job; add a vif: list, such as vif: [{ ip: 10.0.0.1 }]',
		],
		[
			"a MAC that is a NIC's",
			'ip: 10.0.0.1 ',
			'ip: 10.0.0.1, mac: "00:1b:21:00:00:01" ',
			"8:32: 00:1b:21:00:00:01 is eth0's address already; give each its own",
		],
		[
			"a LAN host's MAC that is a guest's",
			'client: { ip: 10.0.0.9 }',
			'client: { ip: 10.0.0.9, mac: "00:16:3e:00:00:01" }',
			"5:46: 00:16:3e:00:00:01 is web.vif0's address already; give each its own",
		],
		[
			'a host with the name of a bridge',
			'lan: { hosts: { client: { ip: 10.0.0.9 }',
			'  bridges: { br: [eth0] }\nlan: { hosts: { client: { ip: 10.0.0.9 }, br: { ip: 10.0.0.8 }',
			"6:43: a bridge is called 'br' already; give the host on the LAN a name of its own",
		],
		[
			'two ways from a bridge to the LAN',
			'lan:',
			'    eth1: { model: 82540EM, pci: "00:06.0" }\n  bridges: { xenbr0: [eth0, eth1] }\nlan:',
			'6:29: eth0 and eth1 join xenbr0 to the LAN twice: without a spanning tree, which neither has, a broadcast goes round for ever; give one of them another bridge or wire: none',
		],
		[
			'more wire than frames are kept for',
			'lan: {',
			'lan: { delay: 10s,',
			'5:15: 10s of wire at 1Gb/s may hold more than 250000 frames; at most 168ms, or a lower rate',
		],
		[
			'a peer without an address',
			'    jobs:\n      http: { serve: tcp, peer: client }',
			'    jobs:\n      http: { serve: tcp, peer: db }\n  db: { vif: [{}] }',
			'10:33: db.vif0 has no ip, so nobody can speak to it; give it one, such as ip: 10.0.0.2',
		],
		[
			'a chance too small to be one',
			'lan: {',
			'lan: { loss: 0.0000004,',
			"5:14: '4e-7' is too small; a probability is at least one in a million, 0.000001",
		],
		[
			'such a chance in percent',
			'lan: {',
			'lan: { loss: 0.00004%,',
			"5:14: '0.00004%' is too small; a probability is at least one in a million, 0.000001",
		],
		['a rate that is not a number', http, `${http}, rate: .nan`, '10:47: .nan is not a number'],
		[
			'a guest with less memory than its interfaces need',
			'vif: [{ ip: 10.0.0.1 }]',
			'vif: [{ ip: 10.0.0.1 }, {}]\n    memory: 8MiB',
			'9:13: web needs at least 13MiB for 2 vifs; it has 8MiB',
		],
		[
			'domain zero with less memory than its NIC needs',
			'domains:',
			'domains:\n  Domain-0: { memory: 16MiB }',
			'7:23: Domain-0 needs at least 17MiB for 1 NIC and the 1 vif it serves; it has 16MiB',
		],
		[
			'a request without room for its header',
			http,
			`${http}, request: 7`,
			"10:50: '7' is out of range; a request has 8 bytes (its header) to 1G",
		],
		[
			'a response longer than any',
			http,
			`${http}, response: 2G`,
			"10:51: '2G' is out of range; a response has 1 byte to 1G",
		],
		[
			'a process without a rate',
			http,
			`${http}, rate_process: poisson`,
			"10:55: 'rate_process' has no effect without rate",
		],
		[
			'both ways and the other way',
			http,
			'iperf: client, reverse: on, bidir: on',
			"10:30: 'reverse' and 'bidir' exclude each other, as in iperf3",
		],
		[
			'a ping larger than a frame',
			http,
			'ping: client, size: 2k',
			'10:35: a ping of more than 1472 bytes does not fit into one frame',
		],
		['a capture that is not there', http, 'pcap: b.pcap', "10:21: there is no file 'b.pcap'"],
		['a capture of nothing', http, 'pcap: empty.pcap', "10:21: 'empty.pcap' holds no frame"],
		[
			'a capture that was cut off',
			http,
			'pcap: cut.pcap',
			"10:21: 'cut.pcap' the frame at byte 100 goes on after the file's last byte, 110",
		],
		[
			'frames that are too long',
			http,
			'pcap: long.pcap',
			"10:21: 'long.pcap': frame 1 has 1515 bytes; an interface sends 14 to 1514",
		],
		['a capture that cannot be read', http, 'pcap: secret.pcap', "10:21: 'secret.pcap': no permission to read it"],
		[
			'a capture elsewhere',
			http,
			'pcap: ../a.pcap',
			"10:21: '../a.pcap' leads out of the scenario's folder; name a file beside it",
		],
		[
			'a job called an interface',
			'http:',
			'vif0:',
			"10:7: 'vif0' cannot name a job; the word has its own meaning in expectations",
		],
	];
	for (const [what, from, to, message] of rows) {
		it(what, () => {
			expect(base).toContain(from);
			expect(problemsOf(base.replace(from, to))).toEqual([`t.yaml:${message}`]);
		});
	}

	it('a wire without a lan', () => {
		const text = base
			.replace(/lan:.*\n/, '')
			.replace(/ {4}jobs:\n.*\n/, '')
			.replace(nic, `${nic}, wire: lan`);
		expect(problemsOf(text)).toEqual([
			't.yaml:4:51: there is no lan to plug eth0 into; add lan: { hosts: { client: { ip: 10.0.0.9 } } }',
		]);
	});

	it('a virtual interface of domain zero', () => {
		expect(problemsOf(base.replace('domains:', 'domains:\n  Domain-0: { vif: [{}] }'))).toEqual([
			't.yaml:7:15: Domain-0 has no virtual interfaces; give a bridge an ip: bridges: { xenbr0: { nics: [eth0], ip: 10.0.0.254 } }',
		]);
	});

	it('a host without any device', () => {
		expect(problemsOf('name: t\nhost: { devices: {} }\ndomains: {}\n')).toEqual([
			't.yaml:2:9: a host needs a device, such as nvme0: {model: nvme, pci: "00:04.0"}',
		]);
	});
});
