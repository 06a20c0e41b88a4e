//! The C++ half of torch-sys, which its own build script does not compile (feature `doc-only`): it would link it, and with it
//! libtorch, into every program.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::entry_points::{declared, written};

/// The folder of the package.
pub(crate) struct TorchSys(PathBuf);

impl TorchSys {
    /// Where cargo has it.
    pub(crate) fn find() -> Self {
        let target = env::var("TARGET").expect("set by cargo");
        let output = Command::new(env::var("CARGO").expect("set by cargo"))
            .args(["metadata", "--format-version", "1", "--filter-platform", &target])
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        // A package's path is the only value that ends so.
        let paths = metadata.split('"').filter(|value| value.ends_with("Cargo.toml"));
        let mut folders = paths.filter_map(|path| Path::new(path).parent()).filter(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("torch-sys") && folder.join("libtch").is_dir()
        });
        Self(folders.next().expect("torch-sys is a dependency").to_owned())
    }

    /// The C functions that its Rust half declares.
    pub(crate) fn functions(&self) -> Vec<String> {
        let texts = ["lib.rs", "cuda.rs", "c_generated.rs"].map(|name| {
            let path = self.0.join("src").join(name);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        });
        texts.iter().flat_map(|text| declared(text)).collect()
    }

    /// Compiles the C++ half: thin calls, which gain nothing by much optimization. Of an older libtorch than the bindings are
    /// made for, functions that it has not, or has otherwise, fail when they are called.
    pub(crate) fn compile(&self, libtorch: &Path, out: &Path) -> Vec<PathBuf> {
        let folder = self.0.join("libtch");
        let build = || {
            let mut build = crate::with_libtorch(libtorch);
            build.opt_level(1).flag("-DGLOG_USE_GLOG_EXPORT").include(&folder);
            build
        };
        let [by_hand, generated] = ["torch_api.cpp", "torch_api_generated.cpp"].map(|name| folder.join(name));
        if let Ok(objects) = build().cargo_warnings(false).file(&by_hand).file(&generated).try_compile_intermediates() {
            return objects;
        }
        let source = without_missing(&generated, build());
        let shortened = written(out.join("torch_api_of_older_libtorch.cpp"), &source);
        build().file(by_hand).file(shortened).compile_intermediates()
    }
}

/// The source, in which functions that do not compile say so when they are called.
fn without_missing(source: &Path, build: cc::Build) -> String {
    let text = fs::read_to_string(source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
    let mut lines: Vec<&str> = text.lines().collect();
    let mut compiler = build.get_compiler().to_command();
    let output = compiler.env("LC_ALL", "C").arg("-fsyntax-only").arg(source).output().expect("the compiler runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let mut missing = Vec::new();
    for line in said.lines().filter(|line| line.contains(": error: ")) {
        let at = line.strip_prefix(&format!("{}:", source.display())).and_then(|rest| rest.split(':').next());
        let Some(at) = at.and_then(|at| at.parse::<usize>().ok()) else {
            panic!("torch-sys does not compile:\n{said}")
        };
        let Some(begin) = (0..at).rev().find(|&line| lines[line].contains(" atg_")) else { continue };
        let end = (at..lines.len()).find(|&line| lines[line] == "}").unwrap_or(begin);
        if lines[begin + 1] != MISSING {
            missing.push(lines[begin].trim_end_matches(" {").to_owned());
            let returns = lines[end - 1].starts_with("  return");
            lines[begin + 1..end - usize::from(returns)].fill("");
            lines[begin + 1] = MISSING;
        }
    }
    assert!((1..=MOST_MISSING).contains(&missing.len()), "torch-sys does not compile:\n{said}");
    println!(
        "cargo:warning={} functions of tch are not in this libtorch, and fail when they are called",
        missing.len()
    );
    lines.join("\n")
}

/// The body of a function that libtorch has not.
const MISSING: &str = "  PROTECT(throw std::runtime_error(\"this version of libtorch has no such function\");)";

/// With more of them it is not a libtorch of about the same age.
const MOST_MISSING: usize = 60;
