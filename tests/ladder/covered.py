#!/usr/bin/env python3
"""covered.py REACH COVERAGE PROGRAM...: how analysis says that features are reached, held against where they were executed.

COVERAGE is what coverage.py wrote. A feature whose instructions ran on the poor model is asked of every processor: to
call it guarded is wrong, unless that model has it; to call it unreached always. One whose instructions ran on the rich model alone is guarded: to call it required
is wrong, to call it possible is imprecise.
"""
import glob
import os
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is
import compare
import coverage
import cpus

AMD64 = {'SSE4_1': 'SSE4.1', 'SSE4_2': 'SSE4.2', 'LAHF_SAHF': 'LAHF-SAHF', 'PCLMULQDQ': 'PCLMULQDQ'}
ARM64 = {'lse': 'FEAT_LSE', 'crc': 'FEAT_CRC32', 'crypto': 'FEAT_AES', 'dotprod': 'FEAT_DotProd', 'rcpc': 'FEAT_LRCPC', 'rcpc-immo': 'FEAT_LRCPC2',
         'fullfp16': 'FEAT_FP16', 'rdm': 'FEAT_RDM', 'pauth': 'FEAT_PAuth', 'jsconv': 'FEAT_JSCVT', 'complxnum': 'FEAT_FCMA', 'sha3': 'FEAT_SHA3',
         'sm4': 'FEAT_SM4', 'fp16fml': 'FEAT_FHM', 'flagm': 'FEAT_FlagM', 'altnzcv': 'FEAT_FlagM2', 'fptoint': 'FEAT_FRINTTS', 'sb': 'FEAT_SB',
         'ssbs': 'FEAT_SSBS', 'rand': 'FEAT_RNG', 'mte': 'FEAT_MTE', 'i8mm': 'FEAT_I8MM', 'bf16': 'FEAT_BF16', 'sve': 'FEAT_SVE', 'sve2': 'FEAT_SVE2',
         'mops': 'FEAT_MOPS', 'lor': 'FEAT_LOR', 'dit': 'FEAT_DIT'}


def executed(folder, name, cpu):
    """{feature, by our name: first address}, of the features that one instruction needs alone."""
    found = {}
    with open(os.path.join(folder, '%s.%s.txt' % (name, cpu)), encoding='utf-8') as file:
        for line in file:
            if line.startswith('#'):
                continue
            address, names, text = line.rstrip('\n').split('\t', 2)
            first = names.split(',')[0]
            arch = 'amd64' if name.endswith('amd64') else 'arm64'
            if arch == 'amd64':
                for one in names.split(','):
                    found.setdefault(AMD64.get(one, one), '%s %s' % (address, text))
            else:
                mine = ARM64.get(first, first)
                if first == 'crypto':
                    mine = 'FEAT_SHA256' if 'sha256' in text else 'FEAT_SHA1' if 'sha1' in text else 'FEAT_PMULL' if 'pmull' in text else 'FEAT_AES'
                if first == 'sha3' and 'sha512' in text:
                    mine = 'FEAT_SHA512'
                found.setdefault(mine, '%s %s' % (address, text))
    return found


def main():
    tool, folder = sys.argv[1], sys.argv[2]
    table, known = compare.classes(), cpus.read()
    order = ['unreached', 'guarded', 'possible', 'required']
    wrong = imprecise = right = 0
    for path in sys.argv[3:]:
        name = os.path.basename(path)
        arch = name.rpartition('.')[2]
        poor, rich = coverage.MODELS[arch]
        if not all(glob.glob(os.path.join(folder, '%s.%s.txt' % (name, cpu))) for cpu in (poor, rich)):
            continue
        found = compare.reached(tool, path, arch, table)
        if found is None:
            print(name, 'not read')
            continue
        said = {}
        for reach in order:
            for needed, where in found[reach].items():
                for feature in needed:
                    said[feature] = (reach, where) if feature not in said or order.index(reach) > order.index(said[feature][0]) else said[feature]
        on_poor, on_rich = executed(folder, name, poor), executed(folder, name, rich)
        for feature in sorted(set(on_poor) | set(on_rich)):
            reach, where = said.get(feature, ('absent', ''))
            if feature in on_poor:
                verdict = 'right' if reach in ('possible', 'required') or (reach == 'guarded' and feature in known[arch, poor]) else 'WRONG'
                place = '%s on %s' % (on_poor[feature], poor)
            else:
                verdict = 'right' if reach == 'guarded' else 'WRONG' if reach in ('required', 'absent', 'unreached') else 'imprecise'
                place = '%s on %s alone' % (on_rich[feature], rich)
            wrong += verdict == 'WRONG'
            imprecise += verdict == 'imprecise'
            right += verdict == 'right'
            if verdict != 'right':
                print('%s %s %s: %s (%s), ran: %s' % (verdict, name, feature, reach, where, place))
    print('%d right, %d imprecise, %d wrong' % (right, imprecise, wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
