//! Powers, sines and cosines for what is drawn: the browser's own, because the standard library's come along as code and
//! tables. They may differ in the last bit from browser to browser, so nothing that must be the same everywhere, such as a
//! simulation, may use them.

#[cfg(target_arch = "wasm32")]
mod own {
    pub(super) fn pow(base: f64, exponent: f64) -> f64 {
        js_sys::Math::pow(base, exponent)
    }

    pub(super) fn sin(angle: f64) -> f64 {
        js_sys::Math::sin(angle)
    }

    pub(super) fn cos(angle: f64) -> f64 {
        js_sys::Math::cos(angle)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod own {
    pub(super) fn pow(base: f64, exponent: f64) -> f64 {
        base.powf(exponent)
    }

    pub(super) fn sin(angle: f64) -> f64 {
        angle.sin()
    }

    pub(super) fn cos(angle: f64) -> f64 {
        angle.cos()
    }
}

/// A power.
pub fn pow(base: f64, exponent: f64) -> f64 {
    own::pow(base, exponent)
}

/// The sine of an angle in radians.
pub fn sin(angle: f32) -> f32 {
    own::sin(f64::from(angle)) as f32
}

/// The cosine of an angle in radians.
pub fn cos(angle: f32) -> f32 {
    own::cos(f64::from(angle)) as f32
}
