/**
The network: bridges and what is plugged into them, guests' interfaces, the LAN, and who has which address. A name that a job may
speak to is a station: a LAN host, a guest's interface, or a bridge's own port in domain zero.
*/
import {bridgeMac, lanMac, vifMac} from './addresses.js';
import {buildNetJobs, type ReadCapture} from './build-net-job.js';
import {quoted} from './problems.js';
import {bitRateText} from './rates.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawScenario} from './schema.js';
import {longestDelay} from './schema-network.js';
import {Stations} from './stations.js';
import type {BridgeWords, LanHostWords, LanWords, NicDevice, VifWords} from './types.js';
import {durationText, millisecond} from './units.js';

/** Frames on the wires in one direction at most: each is held in memory and has an event. */
const mostFramesUnderWay = 250_000;
/** Preamble, shortest frame with its FCS, gap: bytes. */
const shortestOnWire = 84;

export interface Network {
	readonly bridges: readonly BridgeWords[];
	readonly lan: LanWords | undefined;
	/** By domain. */
	readonly vifs: ReadonlyMap<string, readonly VifWords[]>;
	readonly stations: Stations;
}

export function buildNetwork(raw: RawScenario, nics: readonly NicDevice[], report: ReportAt): Network {
	const stations = new Stations();
	const bridges = buildBridges(raw, nics, stations, report);
	const vifs = new Map<string, readonly VifWords[]>();
	const macs = macsOf(raw, nics, bridges, report);
	let guests = 0;
	for (const [name, {vif}] of Object.entries(raw.domains)) {
		const path = ['domains', name, 'vif'];
		if (name === 'Domain-0') {
			if (vif.length > 0) {
				report(
					path,
					`Domain-0 has no virtual interfaces; give a bridge an ip: bridges: { xenbr0: { nics: [eth0], ip: 10.0.0.254 } }`,
				);
			}

			continue;
		}

		guests++;
		const own = vif.map((words, device): VifWords => {
			const at = [...path, device];
			const mac = words.mac ?? vifMac(guests, device);
			const id = `${name}.vif${device}`;
			addMac(macs, mac, id, words.mac === undefined ? at : [...at, 'mac'], report);
			const bridge = words.bridge ?? bridges[0]?.name ?? '';
			if (!bridges.some((each) => each.name === bridge)) {
				const known = bridges.map((each) => each.name);
				report(words.bridge === undefined ? at : [...at, 'bridge'], `there is no bridge ${didYouMean(bridge, known)}`);
			}

			if (words.tso && !words.sg) {
				report([...at, 'sg'], `a large packet needs scatter-gather: write tso: off beside sg: off`);
			}

			if (words.ip !== undefined) {
				stations.add(id, words.ip, device === 0 ? [name, id] : [id], [...at, 'ip'], report);
			} else {
				stations.addWithoutIp(id, device === 0 ? [name, id] : [id]);
			}

			return {
				name: `vif${device}`,
				device,
				mac,
				ip: words.ip,
				bridge,
				rate: words.rate,
				checksum: words.checksum,
				sg: words.sg,
				tso: words.tso,
				postsUntil: words.receive_buffers,
			};
		});
		vifs.set(name, own);
	}

	return {bridges, lan: buildLan(raw, nics, bridges, macs, stations, report), vifs, stations};
}

/** Whose a MAC is, by MAC: those of NICs and bridges, to begin with. */
function macsOf(
	raw: RawScenario,
	nics: readonly NicDevice[],
	bridges: readonly BridgeWords[],
	report: ReportAt,
): Map<string, string> {
	const macs = new Map<string, string>();
	for (const {name, mac} of nics) {
		const path = ['host', 'devices', name];
		addMac(macs, mac, name, raw.host.devices[name]?.mac === undefined ? path : [...path, 'mac'], report);
	}

	for (const {name, mac} of bridges) {
		addMac(macs, mac, name, ['host', 'bridges', name], report);
	}

	return macs;
}

/** Reports a MAC that another station has: a switch would send frames to whichever it heard last. */
function addMac(
	macs: Map<string, string>,
	mac: string,
	station: string,
	path: readonly PropertyKey[],
	report: ReportAt,
): void {
	const other = macs.get(mac);
	if (other !== undefined) {
		report(path, `${mac} is ${other}'s address already; give each its own`);
	}

	macs.set(mac, other ?? station);
}

/** The bridges written; without any, xenbr0 with the first NIC when somebody needs one. */
function buildBridges(
	raw: RawScenario,
	nics: readonly NicDevice[],
	stations: Stations,
	report: ReportAt,
): BridgeWords[] {
	const written = raw.host.bridges;
	if (written === undefined) {
		const needed = nics.length > 0 || Object.values(raw.domains).some(({vif}) => vif.length > 0);
		return needed
			? [{name: 'xenbr0', nics: nics.slice(0, 1).map(({name}) => name), ip: undefined, mac: bridgeMac(0)}]
			: [];
	}

	const users = new Map<string, string>();
	return Object.entries(written).map(([name, {nics: ports, ip}], index): BridgeWords => {
		const path = ['host', 'bridges', name];
		for (const [port, nic] of ports.entries()) {
			const user = users.get(nic);
			if (!nics.some((each) => each.name === nic)) {
				const known = nics.map((each) => each.name);
				report([...path, port], `there is no NIC ${didYouMean(nic, known)}`);
			} else if (user !== undefined) {
				report([...path, port], `${nic} is a port of ${user} already`);
			}

			users.set(nic, name);
		}

		const wired = ports.filter((port) => nics.some((each) => each.name === port && each.wired));
		if (wired.length > 1) {
			report(
				[...path, ports.indexOf(wired[1])],
				`${wired[0]} and ${wired[1]} join ${name} to the LAN twice: without a spanning tree, which neither has, a broadcast goes round for ever; give one of them another bridge or wire: none`,
			);
		}

		if (ip !== undefined) {
			stations.add(`Domain-0.${name}`, ip, [name, `Domain-0.${name}`], [...path, 'ip'], report);
		} else {
			stations.addWithoutIp(`Domain-0.${name}`, [name, `Domain-0.${name}`]);
		}

		return {name, nics: ports, ip, mac: bridgeMac(index)};
	});
}

/** Without its hosts' jobs, whose peers must be known first: `buildLanJobs`. */
function buildLan(
	raw: RawScenario,
	nics: readonly NicDevice[],
	bridges: readonly BridgeWords[],
	macs: Map<string, string>,
	stations: Stations,
	report: ReportAt,
): LanWords | undefined {
	if (raw.lan === undefined) {
		return undefined;
	}

	const {hosts, ...link} = raw.lan;
	if (link.delay > longestDelay) {
		report(['lan', 'delay'], `a delay of a LAN is at most ${durationText(longestDelay)}`);
	}

	const wires = Math.max(1, nics.filter(({wired}) => wired).length);
	const longest = Math.floor((mostFramesUnderWay * shortestOnWire * 8 * 1000) / (link.rate * wires)) * millisecond;
	if (link.delay > longest && link.delay <= longestDelay) {
		const rate = `${bitRateText(link.rate)}${wires === 1 ? '' : ` and ${wires} NICs`}`;
		report(
			['lan', 'delay'],
			`${durationText(link.delay)} of wire at ${rate} may hold more than ${mostFramesUnderWay} frames; at most ${durationText(longest)}, or a lower rate`,
		);
	}

	const built = Object.entries(hosts).map(([name, host], index): LanHostWords => {
		const path = ['lan', 'hosts', name];
		if (raw.domains[name] !== undefined) {
			report(path, `a domain is called ${quoted(name)} already; give the host on the LAN a name of its own`);
		} else if (bridges.some((bridge) => bridge.name === name)) {
			report(path, `a bridge is called ${quoted(name)} already; give the host on the LAN a name of its own`);
		}

		const mac = host.mac ?? lanMac(index);
		addMac(macs, mac, `lan.${name}`, host.mac === undefined ? path : [...path, 'mac'], report);

		stations.add(`lan.${name}`, host.ip, [name, `lan.${name}`], [...path, 'ip'], report);
		return {name, ip: host.ip, mac, timestamps: host.timestamps, jobs: []};
	});
	return {...link, hosts: built};
}

/** The LAN with its hosts' jobs. */
export function buildLanJobs(
	raw: RawScenario,
	{lan, stations}: Network,
	readCapture: ReadCapture,
	report: ReportAt,
): LanWords | undefined {
	return (
		lan && {
			...lan,
			hosts: lan.hosts.map((host) => {
				const path = ['lan', 'hosts', host.name, 'jobs'];
				const jobs = raw.lan?.hosts[host.name]?.jobs ?? {};
				return {
					...host,
					jobs: buildNetJobs(
						jobs,
						path,
						{
							owner: host.name,
							interfaces: [{name: '', station: `lan.${host.name}`, ip: host.ip}],
							stations,
							readCapture,
						},
						report,
					),
				};
			}),
		}
	);
}
