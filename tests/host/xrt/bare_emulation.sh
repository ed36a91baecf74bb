# SPDX-License-Identifier: Apache-2.0
# For scripts that set XRT's emulation up by hand.

# bare_emulation PROGRAM: folder $work gets what PROGRAM, built with XRT in $build, needs there: XRT's emulation library, the simulator, xrt.ini and
# bare.xclbin.
bare_emulation() {
    local program=$1 shim revision
    mkdir "$work/lib" "$work/run"
    shim=$(dirname "$(ldd "$program" | sed -n 's/.*libxrt_coreutil.*=> \([^ ]*\).*/\1/p')")/libxrt_hwemu.so.2
    ln -s "$shim" "$work/lib/"
    cp "$build/sim_verilator/xrt/mr_xrt_sim" "$work/run/launch_hw_emu.sh"
    {
        printf '[Emulation]\nsystem_dpa=false\npacket_size=0x10000\nsim_dir=%s/run\n[Debug]\npad=' "$work"
        head -c 70000 /dev/zero | tr '\0' x
        echo
    } >"$work/xrt.ini"
    revision=$("$build/millrace-xclbin" print "$build/millrace-emu.xclbin" | sed -n 's/^revision *//p')
    "$build/millrace-xclbin" pack "$work/bare.xclbin" sdr-100 "$revision"
}
